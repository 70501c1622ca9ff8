with
secciones as (select * from {{ ref('secciones') }})

select
    indice,
    periodo,
    sede,
    curso_actual,
    horario_actual,
    cast(sum(matriculados) as integer) as alumnos,
    cast(count(*) as integer) as secciones,
    cast(count(*) filter (where esta_llena) as integer) as secciones_llenas,
    cast(sum(vacantes) as integer) as vacantes
from secciones
where se_dicto
group by all
