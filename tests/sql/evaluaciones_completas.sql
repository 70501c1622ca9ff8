-- Every model is judged on all students that came: none gains by leaving cells out.
with
reales as (
    select
        o.indice_origen,
        c.indice - o.indice_origen as h,
        sum(c.alumnos) as alumnos
    from {{ ref('origenes') }} as o
    inner join {{ ref('celdas') }} as c on c.indice between o.indice_origen + 1 and o.indice_origen + o.horizonte
    where o.es_evaluado
    group by all
),

por_modelo as (
    select
        indice_origen,
        h,
        modelo,
        sum(y) as y
    from {{ ref('evaluaciones') }}
    group by indice_origen, h, modelo
)

select
    indice_origen,
    h,
    m.modelo,
    r.alumnos,
    m.y
from reales as r
full outer join por_modelo as m using (indice_origen, h)
where coalesce(r.alumnos, 0) <> coalesce(m.y, -1)
