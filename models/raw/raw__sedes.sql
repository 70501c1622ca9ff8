{{ raw_as_of('sedes') }}
