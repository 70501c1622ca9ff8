with
pronosticos as (select * from {{ ref('pronosticos') }}),

jerarquia as (select * from {{ ref('jerarquia') }}),

periodos as (select * from {{ ref('dim_periodos') }}),

corrida as (select * from {{ ref('corrida') }}),

-- What each node of the levels above the cell stands for.
nodos as (
    select distinct
        'total' as nivel,
        total as unique_id,
        cast(null as varchar) as sede,
        cast(null as varchar) as programa,
        cast(null as varchar) as curso_actual,
        cast(null as varchar) as horario_actual
    from jerarquia

    union all

    select distinct
        'sede' as nivel,
        sede as unique_id,
        sede,
        null as programa,
        null as curso_actual,
        null as horario_actual
    from jerarquia

    union all

    select distinct
        'sede_programa' as nivel,
        sede_programa as unique_id,
        sede,
        programa,
        null as curso_actual,
        null as horario_actual
    from jerarquia

    union all

    select distinct
        'sede_curso' as nivel,
        sede_curso as unique_id,
        sede,
        programa,
        curso_actual,
        null as horario_actual
    from jerarquia

    union all

    select distinct
        'sede_horario' as nivel,
        sede_horario as unique_id,
        sede,
        null as programa,
        null as curso_actual,
        horario_actual
    from jerarquia
)

select
    d.periodo,
    p.h as horizonte,
    p.nivel,
    p.unique_id,
    n.sede,
    n.programa,
    n.curso_actual,
    n.horario_actual,
    round(p.media, 4) as media,
    round(p.mediana, 4) as mediana,
    round(p.q025, 4) as q025,
    round(p.q10, 4) as q10,
    round(p.q90, 4) as q90,
    round(p.q975, 4) as q975,
    p.modelo,
    p.razon_modelo,
    p.metodo_intervalo,
    r.periodo_corte as periodo_origen,
    r.estado_fuente,
    r.tablas_respaldo,
    r.datos_al,
    r.run_id
from pronosticos as p
inner join corrida as r on p.indice_origen = r.indice_corte
inner join periodos as d on p.indice_origen + p.h = d.indice
inner join nodos as n on p.nivel = n.nivel and p.unique_id = n.unique_id
order by d.periodo, p.nivel, p.unique_id
