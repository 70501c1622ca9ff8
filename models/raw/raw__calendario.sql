{{ raw_as_of('calendario') }}
