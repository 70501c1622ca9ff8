with
cursos as (select * from {{ ref('dim_cursos') }}),

periodos as (select * from {{ ref('dim_periodos') }}),

minimos as (select * from {{ ref('raw__minimos_apertura') }}),

vacantes as (select * from {{ ref('raw__vacantes_estandar') }})

select
    p.indice,
    p.periodo,
    c.curso_actual,
    m.minimo_alumnos,
    v.vacantes_estandar,
    v.vacantes_maximas
from cursos as c
cross join periodos as p
left join minimos as m on p.periodo = m.periodo and c.programa = m.programa
left join vacantes as v on p.periodo = v.periodo and c.linea = v.linea and c.nivel = v.nivel
where m.minimo_alumnos is not null or v.vacantes_estandar is not null
