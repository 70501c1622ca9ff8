"""The commands of `aforo`: a file each, registered in flows/cli.py."""
