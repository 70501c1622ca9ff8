{{ landing('cursos') }}
