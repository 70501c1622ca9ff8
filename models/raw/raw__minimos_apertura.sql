{{ raw_as_of('minimos_apertura') }}
