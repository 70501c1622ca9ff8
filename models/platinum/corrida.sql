with
programacion as (select * from {{ ref('raw__programacion') }}),

periodos as (select * from {{ ref('dim_periodos') }}),

fuentes as (select * from {{ ref('fuentes') }}),

-- A period is known once any of its sections is closed; where the source has no states, once it has students.
conocidos as (
    select
        min(p.indice) as primer_indice,
        max(p.indice) as ultimo_indice
    from programacion as s
    inner join periodos as p on s.periodo = p.periodo
    where coalesce(s.estado, 'cerrado') = 'cerrado' and s.matriculados > 0
),

objetivo as (
    select
        c.primer_indice,
        c.ultimo_indice,
        p.indice as indice_objetivo
    from conocidos as c
    left join periodos as p
        on {{ 'c.ultimo_indice + 1 = p.indice' if of_this_run('periodo') is none else 'p.periodo = ' ~ (of_this_run('periodo') | int) }}
),

-- One table that an earlier capture stands in for makes the whole run one on stored data.
estado as (
    select
        max(capturada_en) filter (where tabla = 'programacion') as datos_al,
        case when bool_or(estado = 'respaldo') then 'respaldo' else 'viva' end as estado_fuente,
        string_agg(tabla, ', ' order by tabla) filter (where estado = 'respaldo') as tablas_respaldo
    from fuentes
),

final as (
    select
        '{{ this_run() }}' as run_id,
        corte.periodo as periodo_corte,
        o.indice_objetivo - 1 as indice_corte,
        o.primer_indice,
        o.ultimo_indice,
        {{ of_this_run('horizonte') | int }} as horizonte,
        cast({{ quoted(of_this_run('as_of') | string) if of_this_run('as_of') is not none else 'null' }} as timestamp) as as_of,
        c.datos_al,
        c.estado_fuente,
        c.tablas_respaldo,
        {{ quoted(of_this_run('git_commit')) }} as git_commit,
        '{{ var("raw_version") }}' as version_raw,
        '{{ var("platinum_version") }}' as version_platinum,
        '{{ var("features_version") }}' as version_features,
        '{{ var("target_version") }}' as version_target,
        '{{ var("experiment_name") }}' as experimento
    from objetivo as o
    cross join estado as c
    left join periodos as corte on o.indice_objetivo - 1 = corte.indice
)

select * from final
