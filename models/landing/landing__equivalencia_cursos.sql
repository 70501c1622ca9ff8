{{ landing('equivalencia_cursos') }}
