with
secciones as (select * from {{ ref('secciones') }}),

cursos as (select * from {{ ref('dim_cursos') }}),

periodos as (select * from {{ ref('dim_periodos') }}),

-- While a section of a period still enrols, none of the period's counts is final.
estado_periodos as (
    select
        indice,
        bool_or(es_provisional) as esta_abierto
    from secciones
    group by indice
),

celdas as (
    select
        indice,
        sede,
        curso_actual,
        horario_actual,
        coalesce(sum(matriculados) filter (where se_dicto), 0) as alumnos,
        count(*) filter (where se_dicto) as secciones,
        count(*) filter (where estado = 'cancelado') as secciones_canceladas,
        count(*) filter (where not se_dicto and estado <> 'cancelado') as secciones_sin_alumnos,
        count(*) filter (where esta_llena) as secciones_llenas,
        count(*) filter (where se_dicto and vacantes is not null) as secciones_con_vacantes,
        sum(vacantes) filter (where se_dicto) as vacantes,
        sum(matriculados) filter (where se_dicto and vacantes is not null) as alumnos_con_vacantes
    from secciones
    group by indice, sede, curso_actual, horario_actual
)

select
    p.periodo,
    p.fecha_inicio as fecha,
    c.sede,
    c.curso_actual,
    c.horario_actual,
    k.programa,
    k.nivel,
    k.tipo_demanda,
    cast(c.alumnos as integer) as alumnos,
    cast(c.secciones as integer) as secciones,
    cast(c.secciones_canceladas as integer) as secciones_canceladas,
    cast(c.secciones_sin_alumnos as integer) as secciones_sin_alumnos,
    cast(c.vacantes as integer) as vacantes,
    cast(c.alumnos_con_vacantes as integer) as alumnos_con_vacantes,
    -- Where no section's seats are known, none is known to be full.
    cast(case when c.secciones_con_vacantes > 0 then c.secciones_llenas end as integer) as secciones_llenas,
    round(c.secciones_llenas / nullif(c.secciones_con_vacantes, 0), 4) as proporcion_llenas,
    e.esta_abierto
from celdas as c
inner join estado_periodos as e on c.indice = e.indice
inner join periodos as p on c.indice = p.indice
inner join cursos as k on c.curso_actual = k.curso_actual
order by p.periodo, c.sede, c.curso_actual, c.horario_actual
