{{ raw_as_of('equivalencia_cursos') }}
