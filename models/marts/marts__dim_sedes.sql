with
sedes as (select * from {{ ref('dim_sedes') }}),

secciones as (select * from {{ ref('secciones') }}),

periodos as (select * from {{ ref('dim_periodos') }}),

corrida as (select * from {{ ref('corrida') }}),

-- Up to the period to decide on; a campus that teaches and is in no table of campuses is one, too.
en_marcha as (
    select
        s.sede,
        s.indice,
        s.hora_apertura,
        s.hora_cierre
    from sedes as s
    inner join corrida as r on s.indice <= r.indice_corte + 1

    union all by name

    select distinct
        sede,
        indice
    from secciones
    where se_dicto and sede not in (select t.sede from sedes as t)
),

resumidas as (
    select
        sede,
        min(indice) as primer_indice,
        max(indice) as ultimo_indice,
        arg_max(hora_apertura, indice) as hora_apertura,
        arg_max(hora_cierre, indice) as hora_cierre
    from en_marcha
    group by sede
)

select
    r.sede,
    desde.periodo as primer_periodo,
    hasta.periodo as ultimo_periodo,
    r.ultimo_indice >= c.indice_corte as esta_vigente,
    cast(r.hora_apertura as double) as hora_apertura,
    cast(r.hora_cierre as double) as hora_cierre
from resumidas as r
cross join corrida as c
inner join periodos as desde on r.primer_indice = desde.indice
inner join periodos as hasta on r.ultimo_indice = hasta.indice
order by r.sede
