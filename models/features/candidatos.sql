{% set horizonte = of_this_run('horizonte') | int %}

with
origenes as (select * from {{ ref('origenes') }}),

periodos as (select * from {{ ref('dim_periodos') }}),

destinos as (select * from {{ ref('destinos') }}),

celdas as (select * from {{ ref('celdas') }}),

cursos as (select * from {{ ref('dim_cursos') }}),

horarios as (select * from {{ ref('dim_horarios') }}),

sedes as (select * from {{ ref('dim_sedes') }}),

-- The seasons in which seasonal courses ran, as known at the origin.
temporadas as (
    select distinct
        o.indice_origen,
        p.estacion
    from origenes as o
    inner join celdas as c on o.indice_origen >= c.indice
    inner join cursos as k on c.curso_actual = k.curso_actual and k.tipo_demanda = 'estacional'
    inner join periodos as p on c.indice = p.indice
),

-- Slots that a course used lately: in the origin's last three periods, but not longer than a cycle ago.
vigentes as (
    select distinct
        d.indice_origen,
        c.sede,
        c.curso_actual,
        c.horario_actual
    from destinos as d
    inner join celdas as c
        on c.indice between d.indice_origen - least(3, d.estaciones_por_ciclo) + 1 and d.indice_origen
),

iniciales as (
    select
        d.indice_origen,
        d.h,
        v.sede,
        v.curso_actual,
        v.horario_actual,
        'vigente' as motivo_candidata
    from destinos as d
    inner join vigentes as v on d.indice_origen = v.indice_origen
    inner join cursos as k on v.curso_actual = k.curso_actual and k.tipo_demanda = 'inicial'
),

-- Also what ran in the same season before: the intake of the season; seasonal courses in their season alone. What skipped a cycle may
-- come back where cycles are short: up to three of them are looked at, but no more than twelve periods beyond the newest.
de_temporada as (
    select distinct
        d.indice_origen,
        d.h,
        c.sede,
        c.curso_actual,
        c.horario_actual,
        'misma_estacion' as motivo_candidata
    from destinos as d
    inner join celdas as c
        on
            c.indice in {{ last_seasons('d') }}
            and c.indice > d.indice_misma_estacion - 12
    inner join cursos as k on c.curso_actual = k.curso_actual and k.tipo_demanda in ('inicial', 'estacional')
),

-- What feeds a successor: the cells held up to the origin, as long as a course lasts; then the candidates of the steps before.
celdas_0 as (
    select
        o.indice_origen,
        c.indice - o.indice_origen as h,
        c.sede,
        c.curso_actual,
        c.horario_actual
    from origenes as o
    inner join celdas as c on o.indice_origen >= c.indice
    inner join cursos as k on c.curso_actual = k.curso_actual and c.indice > o.indice_origen - k.duracion_periodos
),
{% for paso in range(1, horizonte + 1) %}
sucesores_{{ paso }} as (
    select distinct
        f.indice_origen,
        {{ paso }} as h,
        f.sede,
        k.curso_siguiente as curso_actual,
        f.horario_actual
    from celdas_{{ paso - 1 }} as f
    inner join cursos as k on f.curso_actual = k.curso_actual and f.h = {{ paso }} - k.duracion_periodos
    where k.curso_siguiente is not null
),

usados_{{ paso }} as (
    select * from vigentes
    union all
    select
        d.indice_origen,
        c.sede,
        c.curso_actual,
        c.horario_actual
    from destinos as d
    inner join celdas as c on d.indice_misma_estacion = c.indice
    where d.h = {{ paso }}
),

continuidad_{{ paso }} as (
    select
        indice_origen,
        h,
        sede,
        curso_actual,
        horario_actual,
        'predecesor_en_horario' as motivo_candidata
    from sucesores_{{ paso }}

    union all

    -- Students change slot within the campus: also the slots where the course itself ran lately or in the season.
    select distinct
        s.indice_origen,
        s.h,
        v.sede,
        v.curso_actual,
        v.horario_actual,
        'predecesor_en_sede' as motivo_candidata
    from sucesores_{{ paso }} as s
    inner join usados_{{ paso }} as v
        on
            s.indice_origen = v.indice_origen
            and s.sede = v.sede
            and s.curso_actual = v.curso_actual
),

posibles_{{ paso }} as (
    select * from continuidad_{{ paso }}
    union all
    select * from iniciales
    where h = {{ paso }}
    union all
    select * from de_temporada
    where h = {{ paso }}
),

candidatos_{{ paso }} as (
    select
        p.indice_origen,
        d.indice,
        d.periodo,
        d.es_evaluado,
        p.h,
        p.sede,
        p.curso_actual,
        p.horario_actual,
        k.tipo_demanda as tipo,
        arg_min(
            p.motivo_candidata,
            list_position(['predecesor_en_horario', 'vigente', 'misma_estacion', 'predecesor_en_sede'], p.motivo_candidata)
        ) as motivo_candidata
    from posibles_{{ paso }} as p
    inner join destinos as d on p.indice_origen = d.indice_origen and p.h = d.h
    inner join cursos as k on p.curso_actual = k.curso_actual
    inner join sedes as s on d.indice = s.indice and p.sede = s.sede
    left join horarios as f on p.horario_actual = f.horario_actual
    left join temporadas as t on d.indice_origen = t.indice_origen and d.estacion = t.estacion
    where
        (k.tipo_demanda <> 'estacional' or t.estacion is not null)
        and coalesce(f.hora_inicio >= s.hora_apertura, true)
        and coalesce(f.hora_fin <= s.hora_cierre, true)
    group by all
),

celdas_{{ paso }} as (
    select * from celdas_{{ paso - 1 }}
    union all
    select
        indice_origen,
        h,
        sede,
        curso_actual,
        horario_actual
    from candidatos_{{ paso }}
),
{% endfor %}
final as (
    {% for paso in range(1, horizonte + 1) %}
    select * from candidatos_{{ paso }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    *,
    {{ cell_id() }} as unique_id
from final
