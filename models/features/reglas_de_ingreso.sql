with
destinos as (select * from {{ ref('destinos') }}),

rezagos as (select * from {{ ref('rezagos') }}),

candidatos as (
    select * from {{ ref('candidatos') }}
    where tipo = 'inicial'
),

celdas as (select * from {{ ref('celdas') }}),

corrida as (select * from {{ ref('corrida') }}),

-- What became of the candidates of past origins.
resultados as (
    select
        c.indice_origen,
        c.h,
        c.unique_id,
        coalesce(a.alumnos, 0) as alumnos
    from candidatos as c
    inner join corrida as r on c.indice <= r.indice_corte
    left join celdas as a using (indice, sede, curso_actual, horario_actual)
),

-- How many students each rule missed, at each origin and horizon.
errores as (
    {% for rule in entry_rules().split() %}
    select
        t.indice_origen,
        t.h,
        '{{ rule }}' as regla,
        {{ loop.index }} as orden,
        sum(abs({{ entry_rule("'" ~ rule ~ "'", 'r') }} - t.alumnos)) as error
    from resultados as t
    inner join rezagos as r using (indice_origen, h, unique_id)
    where r.alumnos_media_estaciones is not null
    group by all
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- The rule that missed the fewest at the earlier origins whose outcome the origin knows.
elegidas as (
    select
        d.indice_origen,
        d.h,
        e.regla,
        sum(e.error) as error
    from destinos as d
    inner join errores as e on {{ knows_outcome('d', 'e') }}
    group by d.indice_origen, d.h, e.regla, e.orden
    qualify row_number() over (partition by d.indice_origen, d.h order by sum(e.error), e.orden) = 1
)

-- A season that was never seen has no rule of its own.
select
    d.indice_origen,
    d.h,
    case
        when d.indice_misma_estacion is null then 'media_tres_periodos'
        else coalesce(e.regla, 'misma_estacion')
    end as regla
from destinos as d
left join elegidas as e on d.indice_origen = e.indice_origen and d.h = e.h
