with
base as (
    select * from {{ ref('pronosticos_base') }}
    where nivel_jerarquia in ('total', 'sede') and modelo in ('{{ upper_models().split() | join("', '") }}')
),

celdas as (select * from {{ ref('pronosticos_celda') }}),

jerarquia as (select * from {{ ref('jerarquia') }}),

sumas as (
    {% for nivel_jerarquia in ['total', 'sede'] %}
    select
        c.indice_origen,
        c.h,
        '{{ nivel_jerarquia }}' as nivel_jerarquia,
        j.{{ nivel_jerarquia }} as unique_id,
        round(sum(c.yhat), 9) as yhat
    from celdas as c
    inner join jerarquia as j using (unique_id)
    group by all
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- A level without cells to forecast has nothing to share out.
reunidos as (
    select
        b.indice_origen,
        b.h,
        b.nivel_jerarquia,
        b.unique_id,
        b.modelo,
        b.yhat
    from base as b
    inner join sumas using (indice_origen, h, nivel_jerarquia, unique_id)

    union all

    select
        indice_origen,
        h,
        nivel_jerarquia,
        unique_id,
        'suma_de_celdas' as modelo,
        yhat
    from sumas
)

-- Rounded: sums and means of fractions differ in the last bit with the order of the rows.
select
    *,
    round(greatest(avg(yhat) over (partition by indice_origen, h, nivel_jerarquia, unique_id), 1), 9) as tamano
from reunidos
