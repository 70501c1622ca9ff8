with
parametros as (select * from {{ ref('dim_parametros') }}),

periodos as (select * from {{ ref('dim_periodos') }}),

cursos as (
    select distinct curso_actual
    from parametros
)

-- What was announced last holds until something else is announced.
select
    p.indice,
    c.curso_actual,
    last_value(m.minimo_alumnos ignore nulls) over hasta_aqui as minimo_alumnos,
    last_value(nullif(m.vacantes_estandar, 0) ignore nulls) over hasta_aqui as vacantes_estandar
from cursos as c
cross join periodos as p
left join parametros as m on p.indice = m.indice and c.curso_actual = m.curso_actual
window hasta_aqui as (
    partition by c.curso_actual
    order by p.indice
    rows between unbounded preceding and current row
)
