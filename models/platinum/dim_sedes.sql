with
sedes as (select * from {{ ref('raw__sedes') }}),

periodos as (select * from {{ ref('dim_periodos') }}),

secciones as (select * from {{ ref('secciones') }}),

-- Without a table of campuses, a campus runs in every period; its hours are unknown.
vistas as (
    select
        p.periodo,
        s.sede
    from (select distinct sede from secciones) as s
    cross join periodos as p
    where not exists (select 1 from sedes)
),

ultimo_entregado as (
    select max(p.indice) as indice
    from sedes as s
    inner join periodos as p on s.periodo = p.periodo
),

-- Periods after the last delivered one keep its campuses and hours.
prolongadas as (
    select
        p.periodo,
        s.sede,
        s.hora_apertura,
        s.hora_cierre
    from ultimo_entregado as u
    inner join periodos as ultimo on u.indice = ultimo.indice
    inner join sedes as s on ultimo.periodo = s.periodo
    inner join periodos as p on u.indice < p.indice
),

reunidas as (
    select
        periodo,
        sede,
        hora_apertura,
        hora_cierre
    from sedes

    union all

    select * from prolongadas

    union all by name

    select * from vistas
)

select
    p.indice,
    r.periodo,
    r.sede,
    r.hora_apertura,
    r.hora_cierre
from reunidas as r
inner join periodos as p on r.periodo = p.periodo
