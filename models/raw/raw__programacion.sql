{{ raw_as_of('programacion') }}
