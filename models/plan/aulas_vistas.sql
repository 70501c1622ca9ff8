with
origenes as (select * from {{ ref('origenes') }}),

periodos as (select * from {{ ref('dim_periodos') }}),

secciones as (
    select * from {{ ref('secciones') }}
    where se_dicto
),

-- The cycle that ends with the origin.
del_ciclo as (
    select
        o.indice_origen,
        s.*
    from origenes as o
    inner join periodos as p on o.indice_origen = p.indice
    inner join secciones as s on s.indice between o.indice_origen - p.estaciones_por_ciclo + 1 and o.indice_origen
    where o.es_evaluado
)

-- Where a section had no room, or none that is a place, rooms are no limit.
select
    indice_origen,
    sede,
    horario_actual,
    cast(count(distinct aula) as integer) as aulas
from del_ciclo
group by indice_origen, sede, horario_actual
having
    count(*) = count(aula)
    and not {{ is_virtual('sede') }}
    and not bool_or(coalesce({{ is_virtual('modalidad') }}, false))
