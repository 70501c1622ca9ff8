-- Each candidate of today's origin has its forecast in the mart, and nothing else has; each horizon has some.
with
corrida as (select * from {{ ref('corrida') }}),

candidatas as (
    select
        c.h as horizonte,
        c.sede,
        c.curso_actual,
        c.horario_actual
    from {{ ref('candidatos') }} as c
    inner join corrida as r on c.indice_origen = r.indice_corte
),

pronosticadas as (
    select
        horizonte,
        sede,
        curso_actual,
        horario_actual
    from {{ ref('prediccion_detalle') }}
),

sin_pronostico as (
    select * from candidatas
    except all
    select * from pronosticadas
),

sin_candidata as (
    select * from pronosticadas
    except all
    select * from candidatas
),

horizontes as (
    select unnest(generate_series(1, horizonte)) as horizonte
    from corrida
)

select
    'candidate without a forecast' as problema,
    *
from sin_pronostico

union all

select
    'forecast of no candidate' as problema,
    *
from sin_candidata

union all

select
    'horizon without a forecast' as problema,
    horizonte,
    null as sede,
    null as curso_actual,
    null as horario_actual
from horizontes
where horizonte not in (select p.horizonte from pronosticadas as p)
