{{ raw_as_of('cursos') }}
