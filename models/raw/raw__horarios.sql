{{ raw_as_of('horarios') }}
