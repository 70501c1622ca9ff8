"""From a stranger's tables to a draft of the mapping (`aforo init-source`)."""
