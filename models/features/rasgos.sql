with recursive
candidatos as (select * from {{ ref('candidatos') }}),

destinos as (select * from {{ ref('destinos') }}),

flujo as (select * from {{ ref('flujo') }}),

rezagos as (select * from {{ ref('rezagos') }}),

cursos as (select * from {{ ref('dim_cursos') }}),

horarios as (select * from {{ ref('dim_horarios') }}),

parametros as (select * from {{ ref('dim_parametros') }}),

transiciones as (select * from {{ ref('transiciones') }}),

retencion as (select * from {{ ref('retencion_por_grupo') }}),

ingresos as (select * from {{ ref('ingresos_por_grupo') }}),

secciones as (select * from {{ ref('secciones') }}),

base as (
    select
        c.indice_origen,
        c.h,
        c.unique_id,
        c.indice,
        c.sede,
        c.curso_actual,
        c.horario_actual,
        c.motivo_candidata,
        c.tipo,
        d.estacion,
        d.indice_misma_estacion,
        d.estaciones_por_ciclo,
        k.nombre,
        k.programa,
        k.linea,
        k.nivel,
        k.frecuencia,
        k.duracion_periodos,
        h.franja,
        h.bloques,
        h.hora_inicio,
        coalesce(f.flujo, 0) as flujo,
        f.flujo_retenido,
        f.regla
    from candidatos as c
    inner join destinos as d on c.indice_origen = d.indice_origen and c.h = d.h
    inner join cursos as k on c.curso_actual = k.curso_actual
    inner join flujo as f on c.indice_origen = f.indice_origen and c.h = f.h and c.unique_id = f.unique_id
    left join horarios as h on c.horario_actual = h.horario_actual
),

-- The flow around the cell: to the course in the whole campus, to the slot, to the campus, to the same course elsewhere.
alrededor as (
    select
        indice_origen,
        h,
        unique_id,
        sum(flujo) over curso_en_sede as flujo_sede_curso,
        count(*) filter (where flujo > 0) over curso_en_sede as horarios_con_flujo,
        max(flujo) over curso_en_sede as flujo_mayor,
        sum(flujo) over (partition by indice_origen, h, sede, horario_actual) as flujo_sede_horario,
        sum(flujo) over (partition by indice_origen, h, sede) as flujo_sede,
        sum(flujo) over (partition by indice_origen, h, sede, nombre, horario_actual) as flujo_mismo_nombre_horario,
        sum(flujo) over (partition by indice_origen, h, sede, nombre) as flujo_mismo_nombre
    from base
    window curso_en_sede as (partition by indice_origen, h, sede, curso_actual)
),

-- Slots of the same days that start within two hours take each other's students.
vecinos as (
    select
        b.indice_origen,
        b.h,
        b.unique_id,
        sum(v.flujo) filter (where abs(v.hora_inicio - b.hora_inicio) <= 2) as flujo_vecinos,
        sum(v.flujo) filter (where v.flujo < 8) as flujo_vecinos_chicos
    from base as b
    inner join base as v
        on
            b.indice_origen = v.indice_origen
            and b.h = v.h
            and b.sede = v.sede
            and b.curso_actual = v.curso_actual
            and b.horario_actual <> v.horario_actual
            and b.franja = v.franja
            and v.flujo > 0
    group by all
),

-- The cell's own past: what it had, and what the course before it had sent.
propios as (
    select
        b.indice_origen,
        b.h,
        b.unique_id,
        {% for lag in range(3) %}
        max(t.alumnos) filter (where t.indice = b.indice_origen - {{ lag }}) as alumnos_{{ lag }},
        max(t.alumnos_previos) filter (where t.indice = b.indice_origen - {{ lag }}) as previos_{{ lag }},
        {% endfor %}
        max(t.secciones) filter (where t.indice = b.indice_origen) as secciones_0,
        max(t.alumnos) filter (where t.indice = b.indice_misma_estacion) as alumnos_estacion,
        max(t.alumnos_previos) filter (where t.indice = b.indice_misma_estacion) as previos_estacion,
        max(t.alumnos) filter (where t.indice = b.indice_misma_estacion + 1) as alumnos_tras_estacion,
        max(t.alumnos) filter (where t.indice = b.indice_misma_estacion - b.estaciones_por_ciclo) as alumnos_estacion_2,
        max(t.alumnos) filter (where t.indice = b.indice_misma_estacion - 2 * b.estaciones_por_ciclo) as alumnos_estacion_3,
        sum(t.alumnos) filter (where t.indice > b.indice_origen - b.estaciones_por_ciclo) as alumnos_ciclo,
        avg(t.alumnos) filter (where t.alumnos > 0 and t.indice > b.indice_origen - 3 * b.estaciones_por_ciclo)
            as alumnos_si_se_dicta,
        count(*) filter (where t.alumnos > 0 and t.indice > b.indice_origen - {{ half_cycle('b') }})
            as dictadas_medio_ciclo,
        count(*) filter (
            where t.alumnos > 0 and t.alumnos_previos > 0 and t.indice > b.indice_origen - b.estaciones_por_ciclo
        ) as dictadas_ciclo,
        count(*) filter (where t.alumnos_previos > 0 and t.indice > b.indice_origen - b.estaciones_por_ciclo)
            as alimentadas_ciclo,
        b.indice_origen - max(t.indice) filter (where t.alumnos > 0) as sin_dictarse
    from base as b
    inner join transiciones as t
        on
            b.sede = t.sede
            and b.curso_actual = t.curso_actual
            and b.horario_actual = t.horario_actual
            and b.indice_origen >= t.indice
    group by b.indice_origen, b.h, b.unique_id
),

-- How the students that feed the cell sat in the period before, where that is known at the origin.
previas as (
    select
        b.indice_origen,
        b.h,
        b.unique_id,
        t.secciones_previas,
        t.llenas_previas,
        t.vacantes_previas,
        t.previos_estacionales,
        t.previos_iniciales,
        t.duracion_previa
    from base as b
    inner join transiciones as t
        on
            b.sede = t.sede
            and b.curso_actual = t.curso_actual
            and b.horario_actual = t.horario_actual
            and b.indice = t.indice
            and b.indice_origen >= t.indice - t.duracion_previa
),

-- The courses that lead to a course, up to four before it, and how many periods earlier each began.
antecesores as (
    select
        curso_siguiente as curso_actual,
        curso_actual as antecesor,
        duracion_periodos as antes,
        1 as paso
    from cursos
    where curso_siguiente is not null

    union all

    select
        a.curso_actual,
        k.curso_actual as antecesor,
        a.antes + k.duracion_periodos as antes,
        a.paso + 1 as paso
    from antecesores as a
    inner join cursos as k on a.antecesor = k.curso_siguiente
    where a.paso < 4
),

-- The cohort's size when it sat in those courses, where the origin knows it.
cohorte as (
    select
        b.indice_origen,
        b.h,
        b.unique_id,
        sum(t.alumnos) filter (where a.paso = 2) as alumnos_2_pasos,
        sum(t.alumnos) filter (where a.paso = 3) as alumnos_3_pasos,
        sum(t.alumnos) filter (where a.paso = 4) as alumnos_4_pasos
    from base as b
    inner join antecesores as a on b.curso_actual = a.curso_actual and a.paso > 1
    inner join transiciones as t
        on
            b.sede = t.sede
            and a.antecesor = t.curso_actual
            and b.horario_actual = t.horario_actual
            and b.indice - a.antes = t.indice
            and b.indice_origen >= t.indice
    where t.alumnos > 0
    group by all
),

totales as (
    select
        indice,
        sede,
        curso_actual,
        horario_actual,
        sum(alumnos) as alumnos
    from transiciones
    where alumnos > 0
    group by indice, sede, cube(curso_actual, horario_actual)
),

canceladas as (
    select
        indice,
        sede,
        curso_actual,
        horario_actual,
        count(*) as canceladas
    from secciones
    where estado = 'cancelado'
    group by all
)

-- noqa: disable=CV03
select
    b.*,
    a.* exclude (indice_origen, h, unique_id),
    v.flujo_vecinos,
    v.flujo_vecinos_chicos,
    p.* exclude (indice_origen, h, unique_id),
    e.* exclude (indice_origen, h, unique_id),
    c.* exclude (indice_origen, h, unique_id),
    ts.alumnos as alumnos_sede,
    tc.alumnos as alumnos_sede_curso,
    th.alumnos as alumnos_sede_horario,
    x.canceladas,
    l.alumnos_media_3,
    l.alumnos_media_estaciones,
    m.minimo_alumnos,
    m.vacantes_estandar,
    {% for grupo in retention_groups().split() %}
    r_{{ grupo }}.retencion_1 as retencion_1_{{ grupo }},
    r_{{ grupo }}.retencion_3 as retencion_3_{{ grupo }},
    r_{{ grupo }}.retencion_estacion as retencion_estacion_{{ grupo }},
    {% endfor %}
    {% for grupo in intake_groups().split() %}
    i_{{ grupo }}.ingresos_1 as ingresos_1_{{ grupo }},
    i_{{ grupo }}.ingresos_3 as ingresos_3_{{ grupo }},
    i_{{ grupo }}.ingresos_estacion as ingresos_estacion_{{ grupo }},
    {% if grupo in ('sede', 'sede_curso', 'sede_horario') -%}
    i_{{ grupo }}.ingresos_estacion_2 as ingresos_estacion_2_{{ grupo }},
    i_{{ grupo }}.ingresos_ciclo as ingresos_ciclo_{{ grupo }},
    i_{{ grupo }}.crecimiento as crecimiento_{{ grupo }},
    {% endif -%}
    i_{{ grupo }}.ingresos_antes_de_estacion as ingresos_antes_de_estacion_{{ grupo }},
    {% endfor %}
from base as b
inner join alrededor as a using (indice_origen, h, unique_id)
left join vecinos as v using (indice_origen, h, unique_id)
left join rezagos as l using (indice_origen, h, unique_id)
left join propios as p using (indice_origen, h, unique_id)
left join previas as e using (indice_origen, h, unique_id)
left join cohorte as c using (indice_origen, h, unique_id)
left join totales as ts
    on b.indice_origen = ts.indice and b.sede = ts.sede and ts.curso_actual is null and ts.horario_actual is null
left join totales as tc
    on b.indice_origen = tc.indice and b.sede = tc.sede and b.curso_actual = tc.curso_actual and tc.horario_actual is null
left join totales as th
    on b.indice_origen = th.indice and b.sede = th.sede and b.horario_actual = th.horario_actual and th.curso_actual is null
left join canceladas as x
    on
        b.indice_origen = x.indice
        and b.sede = x.sede
        and b.curso_actual = x.curso_actual
        and b.horario_actual = x.horario_actual
left join parametros as m on b.indice = m.indice and b.curso_actual = m.curso_actual
{% for grupo in retention_groups().split() %}
left join retencion as r_{{ grupo }}
    on
        b.indice_origen = r_{{ grupo }}.indice_origen
        and b.h = r_{{ grupo }}.h
        and r_{{ grupo }}.grupo = '{{ grupo }}'
        and r_{{ grupo }}.clave = {{ group_name(grupo, 'b') }}
{% endfor %}
{% for grupo in intake_groups().split() %}
left join ingresos as i_{{ grupo }}
    on
        b.indice_origen = i_{{ grupo }}.indice_origen
        and b.h = i_{{ grupo }}.h
        and i_{{ grupo }}.grupo = '{{ grupo }}'
        and i_{{ grupo }}.clave = {{ group_name(grupo, 'b') }}
{% endfor %}
