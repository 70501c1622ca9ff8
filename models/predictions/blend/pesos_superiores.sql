-- Each model's weight falls with this power of its mean squared error, to which its usual error is added for so many origins.
{% set potencia = 1.5 %}
{% set origenes_previos = 6 %}

with
expertos as (select * from {{ ref('expertos_superiores') }}),

series as (select * from {{ ref('series_jerarquia') }}),

corrida as (select * from {{ ref('corrida') }}),

periodos as (select * from {{ ref('dim_periodos') }}),

errores as (
    select
        e.indice_origen,
        e.h,
        e.nivel_jerarquia,
        e.modelo,
        sum((e.yhat - s.y) ** 2 / e.tamano) as error
    from expertos as e
    inner join series as s
        on e.nivel_jerarquia = s.nivel_jerarquia and e.unique_id = s.unique_id and e.indice_origen + e.h = s.indice
    group by e.indice_origen, e.h, e.nivel_jerarquia, e.modelo
),

modelos as (
    select distinct
        indice_origen,
        h,
        nivel_jerarquia,
        modelo
    from expertos
),

-- Of the earlier origins whose outcome the origin knows.
sumas as (
    select
        m.indice_origen,
        m.h,
        m.nivel_jerarquia,
        m.modelo,
        count(e.error) as origenes,
        coalesce(sum(e.error), 0) as error
    from modelos as m
    left join errores as e
        on
            m.nivel_jerarquia = e.nivel_jerarquia
            and m.modelo = e.modelo
            and {{ knows_outcome('m', 'e') }}
    group by m.indice_origen, m.h, m.nivel_jerarquia, m.modelo
),

-- Usual: what half of the models do. More: the last value, which knows no season; Theta, which often misses it; and with less than two cycles of
-- history whatever has to learn the seasons.
usuales as (
    select
        s.*,
        coalesce(nullif(median(s.error / greatest(s.origenes, 1)) over clase, 0), 1)
        * case
            when s.modelo = 'naive' and p.estaciones_por_ciclo > 1 then 3
            when s.modelo = 'theta_optimizada' and p.estaciones_por_ciclo > 1 then 2
            when
                s.modelo in ('auto_ets', 'suma_de_celdas')
                and s.indice_origen - r.primer_indice + 1 < 2 * p.estaciones_por_ciclo
                then 2
            else 1
        end as error_usual
    from sumas as s
    cross join corrida as r
    inner join periodos as p on s.indice_origen = p.indice
    window clase as (partition by s.indice_origen, s.h, s.nivel_jerarquia)
),

medios as (
    select
        *,
        (error + {{ origenes_previos }} * error_usual) / (origenes + {{ origenes_previos }}) as error_medio
    from usuales
),

inversos as (
    select
        *,
        (min(error_medio) over (partition by indice_origen, h, nivel_jerarquia) / error_medio) ** {{ potencia }} as inverso
    from medios
)

-- Rounded: powers differ in the last bit from one machine to the next.
select
    indice_origen,
    h,
    nivel_jerarquia,
    modelo,
    round(inverso / sum(inverso) over (partition by indice_origen, h, nivel_jerarquia), 6) as peso,
    cast(origenes as integer) as origenes
from inversos
