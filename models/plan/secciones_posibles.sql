-- A section whose chance is less than this is never opened.
{% set minimo_probabilidad = 0.01 %}

with
celdas as (
    select * from {{ ref('celdas_a_decidir') }}
    where minimo_alumnos is not null and vacantes_estandar is not null and cuantiles is not null
),

numeradas as (
    select
        *,
        unnest(
            generate_series(1, greatest(cast(ceil((cuantiles[39] + 1) / vacantes_estandar) as integer), 1))
        ) as k
    from celdas
),

con_alumnos as (
    select
        *,
        {{ students_for_section('k', 'numeradas') }} as desde,
        (k - 1) * vacantes_estandar as llenas
    from numeradas
),

con_probabilidad as (
    select
        *,
        {{ prob_al_menos('desde', 'con_alumnos') }} as prob_minimo,
        -- Of the quantiles with which it is held, the students whom it seats.
        list_filter(cuantiles, lambda q: q >= desde - 0.5) as alcanzan
    from con_alumnos
)

select
    indice_origen,
    h,
    unique_id,
    cast(k as integer) as k,
    prob_minimo,
    round(
        prob_minimo
        * coalesce(
            list_avg(list_transform(alcanzan, lambda q: least(greatest(q - llenas, minimo_alumnos), vacantes_estandar))), minimo_alumnos
        ),
        9
    ) as alumnos_con_asiento
from con_probabilidad
where k = 1 or prob_minimo >= {{ minimo_probabilidad }}
