-- Between these chances of a section the decision is a close one.
{% set vigilar_desde = 0.3 %}
{% set vigilar_hasta = 0.65 %}

with
celdas as (
    select * from {{ ref('celdas_a_decidir') }}
    where es_actual
),

posibles as (select * from {{ ref('secciones_posibles') }}),

elegidas as (
    select * from {{ ref('secciones_elegidas') }}
    where costos = 'plan'
),

uniones as (select * from {{ ref('uniones') }}),

con_secciones as (
    select
        c.*,
        not c.es_candidata or (c.minimo_alumnos is not null and c.vacantes_estandar is not null) as se_decide,
        nullif(concat_ws(
            ', ',
            case when c.minimo_alumnos is null then 'el mínimo de apertura' end,
            case when c.vacantes_estandar is null then 'las vacantes estándar' end
        ), '') as falta_dato,
        coalesce(e.secciones, 0) as abiertas,
        coalesce(e.secciones_sin_limite, 0) as sin_limite
    from celdas as c
    left join elegidas as e using (indice_origen, h, unique_id)
),

-- What is expected of the sections opened; the chance of the last of them, and of the first that stays closed.
esperados as (
    select
        c.indice_origen,
        c.h,
        c.unique_id,
        list(round(p.prob_minimo, 4) order by p.k) filter (where p.k <= c.abiertas) as prob_por_seccion,
        min(p.prob_minimo) filter (where p.k <= c.abiertas) as prob_ultima,
        max(p.prob_minimo) filter (where p.k > c.abiertas) as prob_siguiente,
        coalesce(sum(1 - p.prob_minimo) filter (where p.k <= c.abiertas), 0) as cancelaciones,
        coalesce(sum(p.alumnos_con_asiento) filter (where p.k <= c.abiertas), 0) as con_asiento
    from con_secciones as c
    inner join posibles as p using (indice_origen, h, unique_id)
    group by c.indice_origen, c.h, c.unique_id
),

recibidas as (
    select
        u.indice_origen,
        u.h,
        u.destino as unique_id,
        u.secciones,
        u.prob_minimo,
        u.ahorro,
        c.sede,
        c.horario_actual
    from uniones as u
    inner join celdas as c using (indice_origen, h, unique_id)
),

reunidas as (
    select
        c.*,
        e.prob_por_seccion,
        e.prob_ultima,
        e.prob_siguiente,
        e.cancelaciones,
        e.con_asiento,
        -- A seat taken is a student: the forecast's mean and the grid's differ in the tail.
        greatest(c.media, e.con_asiento) - e.con_asiento as rechazados,
        coalesce(u.unique_id is not null, false) as se_une,
        coalesce(r.unique_id is not null, false) as recibe,
        coalesce(u.sede_destino, r.sede) as unir_con_sede,
        coalesce(u.horario_destino, r.horario_actual) as unir_con_horario,
        coalesce(u.secciones, r.secciones) as secciones_con_union,
        coalesce(u.prob_minimo, r.prob_minimo) as prob_con_union,
        coalesce(u.ahorro, r.ahorro) as ahorro_union
    from con_secciones as c
    left join esperados as e using (indice_origen, h, unique_id)
    left join uniones as u using (indice_origen, h, unique_id)
    left join recibidas as r using (indice_origen, h, unique_id)
),

con_accion as (
    select
        *,
        case
            when not es_candidata then 'vigilar'
            when not se_decide then null
            when se_une or (recibe and abiertas = 0) then 'unir'
            when abiertas > 0 and prob_ultima < {{ vigilar_hasta }} then 'vigilar'
            when abiertas = sin_limite and prob_siguiente >= {{ vigilar_desde }} then 'vigilar'
            when sin_limite > abiertas or (abiertas > 0 and secciones_programadas > abiertas) then 'abrir_menos'
            when abiertas > 0 then 'abrir'
            else 'no_abrir'
        end as accion,
        concat(replace(format('{:.1f}', media), '.', ','), ' alumnos esperados') as esperan,
        format('{:.0f} %', 100 * prob_ultima) as chance_ultima,
        format('{:.0f} %', 100 * prob_siguiente) as chance_siguiente,
        format('{} a las {}', unir_con_sede, unir_con_horario) as pareja,
        format('{:.0f} %', 100 * prob_con_union) as chance_union
    from reunidas
),

con_razon as (
    select
        *,
        case
            when not es_candidata then 'Está programada y el pronóstico no la espera: ningún grupo la alimenta. Confirmar antes de abrir.'
            when accion is null then concat(esperan, '. No se puede decidir: falta ', replace(falta_dato, ', ', ' y '), ' de este curso.')
            when se_une then concat(esperan, ', mínimo ', minimo_alumnos, ': sola no se sostiene. Juntar con ', pareja, ': juntas llegan con ', chance_union, '.')
            when accion = 'unir' then concat(esperan, ', mínimo ', minimo_alumnos, ': sola no se sostiene. Recibir aquí a ', pareja, ': juntas llegan con ', chance_union, '.')
            when accion = 'vigilar' and abiertas > 0 and prob_ultima < {{ vigilar_hasta }}
                then concat(esperan, '. La sección ', abiertas, ' llega al mínimo con ', chance_ultima, ': abrir y mirar la matrícula antes del inicio.')
            when accion = 'vigilar'
                then concat(esperan, '. Una sección más llegaría al mínimo con ', chance_siguiente, ': no abrirla aún y mirar la matrícula.')
            when sin_limite > abiertas
                then concat(esperan, '. Convendrían ', sin_limite, ' secciones; las ', aulas, ' aulas de este horario se dan a las que más ahorran.')
            when accion = 'abrir_menos'
                then concat(esperan, '. Hay ', secciones_programadas, ' programadas; la sección ', abiertas + 1, ' llegaría al mínimo con ', coalesce(chance_siguiente, '0 %'), '.')
            when accion = 'abrir' then concat(esperan, '. La última sección llega al mínimo con ', chance_ultima, '.')
            else concat(esperan, '. Llegaría al mínimo de ', minimo_alumnos, ' con ', chance_siguiente, '.')
        end
        || case when recibe and abiertas > 0 then concat(' Recibe a ', pareja, '.') else '' end as razon
    from con_accion
)

select
    periodo,
    cast(h as integer) as horizonte,
    sede,
    curso_actual,
    horario_actual,
    programa,
    nivel,
    tipo_demanda,
    case when se_decide then abiertas end as secciones,
    accion,
    razon,
    round(media, 4) as alumnos_esperados,
    case when se_decide then abiertas * vacantes_estandar end as vacantes,
    round(con_asiento / nullif(abiertas * vacantes_estandar, 0), 4) as ocupacion_esperada,
    round(coalesce(prob_ultima, prob_siguiente), 4) as prob_minimo,
    coalesce(prob_por_seccion, []) as prob_por_seccion,
    round(cancelaciones, 4) as cancelaciones_esperadas,
    round(rechazados, 4) as rechazados_esperados,
    round(
        costo_cancelacion * cancelaciones
        + costo_rechazado * rechazados
        + costo_hora * coalesce(hora_fin - hora_inicio, 0) * abiertas,
        4
    ) as costo_esperado,
    secciones_programadas,
    case when se_decide and secciones_programadas is not null then greatest(abiertas - secciones_programadas, 0) end as faltante,
    case when se_decide and secciones_programadas is not null then greatest(secciones_programadas - abiertas, 0) end as sobrante,
    unir_con_sede,
    unir_con_horario,
    secciones_con_union,
    round(prob_con_union, 4) as prob_con_union,
    round(ahorro_union, 4) as ahorro_union,
    minimo_alumnos,
    vacantes_estandar,
    aulas,
    case when se_decide then sin_limite end as secciones_sin_limite,
    round(hora_fin - hora_inicio, 4) as horas_por_dia,
    falta_dato
from con_razon
order by periodo, sede, curso_actual, horario_actual
