with
base as (select * from {{ ref('pronosticos_base') }}),

candidatos as (select * from {{ ref('candidatos') }}),

-- A cell: the flow from the course before it; an entry course: the median of its flow rule and its sparse models.
celdas as (
    select
        c.indice_origen,
        c.h,
        'celda' as nivel,
        c.unique_id,
        case when c.tipo = 'inicial' then median(b.yhat) else max(b.yhat) filter (where b.modelo = 'flujo') end as yhat,
        case when c.tipo = 'inicial' then 'mediana' else 'flujo' end as modelo,
        max(b.razon) filter (where b.modelo = 'flujo') as razon
    from candidatos as c
    inner join base as b
        on c.indice_origen = b.indice_origen and c.h = b.h and c.unique_id = b.unique_id and b.nivel = 'celda'
    where b.modelo not in ('naive', 'naive_estacional')
    group by c.indice_origen, c.h, c.unique_id, c.tipo
),

-- The levels above: the median of their models, which beat choosing one per series.
niveles as (
    select
        indice_origen,
        h,
        nivel,
        unique_id,
        median(yhat) as yhat,
        'mediana' as modelo,
        string_agg(distinct razon, '; ' order by razon) as razon
    from base
    where nivel <> 'celda'
    group by indice_origen, h, nivel, unique_id
)

select * from celdas
union all
select * from niveles
