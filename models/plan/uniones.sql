-- Two cells of one course whose students would come to one of them: how many come to each is taken as independent, and
-- their sum from every pair of the 13 quantiles in the middle of 13 equal parts.
{% set rondas = 3 %}
{% set horas_vecinas = 2 %}
{% set minimo_llega = 0.5 %}

with
celdas as (
    select * from {{ ref('celdas_a_decidir') }}
    where cuantiles is not null and minimo_alumnos is not null and vacantes_estandar is not null and (es_actual or h = 1)
),

elegidas as (
    select * from {{ ref('secciones_elegidas') }}
    where costos = 'plan'
),

con_secciones as (
    select
        c.*,
        coalesce(e.secciones, 0) as secciones,
        sum(coalesce(e.secciones, 0)) over (partition by c.indice_origen, c.h, c.sede, c.horario_actual) as ocupadas,
        c.costo_hora * coalesce(c.hora_fin - c.hora_inicio, 0) as costo_seccion
    from celdas as c
    left join elegidas as e using (indice_origen, h, unique_id)
),

-- Nothing opens there, and somebody is expected.
sueltas as (
    select * from con_secciones
    where secciones = 0 and media >= 1
),

-- Of two cells where nothing opens, the one with fewer students moves.
vecinas as (
    select
        a.indice_origen,
        a.h,
        a.unique_id,
        b.unique_id as destino,
        a.cuantiles as cuantiles_propios,
        b.cuantiles as cuantiles_destino,
        b.sede as sede_destino,
        b.horario_actual as horario_destino,
        b.secciones as secciones_destino,
        b.aulas - b.ocupadas as aulas_libres,
        b.minimo_alumnos,
        b.vacantes_estandar,
        b.costo_cancelacion,
        b.costo_rechazado,
        b.costo_seccion,
        case when a.sede = b.sede then 'horario_vecino' when {{ is_virtual('b.sede') }} then 'virtual' else 'otra_sede' end as tipo_union
    from sueltas as a
    inner join con_secciones as b
        on
            a.indice_origen = b.indice_origen
            and a.h = b.h
            and a.curso_actual = b.curso_actual
            and a.unique_id <> b.unique_id
            and (a.media < b.media or (a.media = b.media and a.unique_id > b.unique_id) or b.secciones > 0)
            and (
                (a.sede = b.sede and a.franja = b.franja and abs(a.hora_inicio - b.hora_inicio) <= {{ horas_vecinas }})
                or (a.sede <> b.sede and a.horario_actual = b.horario_actual)
            )
),

partes as (
    select unnest(generate_series(2, 38, 3)) as parte
),

sumas as (
    select
        v.*,
        round(greatest(v.cuantiles_propios[a.parte], 0)) as alumnos_propios,
        round(greatest(v.cuantiles_destino[b.parte], 0)) as alumnos_destino,
        s.extra,
        v.secciones_destino + s.extra as secciones
    from vecinas as v
    cross join partes as a
    cross join partes as b
    cross join (select unnest([0, 1]) as extra) as s
    where v.secciones_destino + s.extra > 0 and (s.extra = 0 or coalesce(v.aulas_libres > 0, true))
),

-- What happens apart, with the sections that are open anyway, and together.
pasados as (
    select
        *,
        least(secciones_destino, {{ sections_needed('alumnos_destino', 'sumas') }}) as dictadas_aparte,
        least(secciones, {{ sections_needed('(alumnos_propios + alumnos_destino)', 'sumas') }}) as dictadas_juntas
    from sumas
),

valoradas as (
    select
        indice_origen,
        h,
        unique_id,
        destino,
        tipo_union,
        sede_destino,
        horario_destino,
        extra,
        aulas_libres,
        any_value(secciones) as secciones,
        avg(alumnos_propios + alumnos_destino) as alumnos,
        round(avg(cast(dictadas_juntas = secciones as integer)), 9) as prob_minimo,
        round(avg(secciones - dictadas_juntas), 9) as cancelaciones,
        round(avg(alumnos_propios + alumnos_destino - {{ students_seated('(alumnos_propios + alumnos_destino)', 'dictadas_juntas', 'pasados') }}), 9) as rechazados,
        round(
            avg(
                costo_rechazado * (
                    {{ students_seated('(alumnos_propios + alumnos_destino)', 'dictadas_juntas', 'pasados') }}
                    - {{ students_seated('alumnos_destino', 'dictadas_aparte', 'pasados') }}
                )
                - costo_cancelacion * (secciones - dictadas_juntas - secciones_destino + dictadas_aparte)
                - costo_seccion * extra
            ), 9
        ) as ahorro
    from pasados
    group by indice_origen, h, unique_id, destino, tipo_union, sede_destino, horario_destino, extra, aulas_libres
),

-- The joined students reach the minimum more often than not, and together costs less.
propuestas as (
    select * from valoradas
    where ahorro > 0 and prob_minimo >= {{ minimo_llega }}
    qualify row_number() over (partition by indice_origen, h, unique_id, destino order by ahorro desc, extra asc) = 1
),
{% for ronda in range(1, rondas + 1) %}
-- Each the best for both cells, and neither is in a proposal yet.
libres_{{ ronda }} as (
    select * from propuestas
    {%- for antes in range(1, ronda) %}
    {{ 'where' if loop.first else 'and' }} (indice_origen, h, unique_id) not in (select (e.indice_origen, e.h, e.celda) from en_{{ antes }} as e)
    and (indice_origen, h, destino) not in (select (e.indice_origen, e.h, e.celda) from en_{{ antes }} as e)
    {%- endfor %}
),

ambas_{{ ronda }} as (
    select
        indice_origen,
        h,
        unique_id as celda,
        unique_id,
        destino,
        ahorro
    from libres_{{ ronda }}

    union all

    select
        indice_origen,
        h,
        destino as celda,
        unique_id,
        destino,
        ahorro
    from libres_{{ ronda }}
),

mejores_{{ ronda }} as (
    select * from ambas_{{ ronda }}
    qualify row_number() over (partition by indice_origen, h, celda order by ahorro desc, unique_id asc, destino asc) = 1
),

en_{{ ronda }} as (
    select
        *,
        count(*) over (partition by indice_origen, h, unique_id, destino) as veces
    from mejores_{{ ronda }}
    qualify veces = 2
),
{% endfor %}
acordadas as (
    {% for ronda in range(1, rondas + 1) %}
    select
        indice_origen,
        h,
        unique_id,
        destino
    from en_{{ ronda }}
    where celda = unique_id
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- A further section only where a room is free.
con_aula as (
    select
        p.*,
        sum(p.extra) over (
            partition by p.indice_origen, p.h, p.sede_destino, p.horario_destino
            order by p.ahorro desc, p.unique_id asc
        ) as extras
    from acordadas as a
    inner join propuestas as p using (indice_origen, h, unique_id, destino)
)

select
    indice_origen,
    h,
    unique_id,
    destino,
    tipo_union,
    sede_destino,
    horario_destino,
    cast(secciones as integer) as secciones,
    round(alumnos, 9) as alumnos,
    prob_minimo,
    cancelaciones,
    rechazados,
    ahorro
from con_aula
where extra = 0 or coalesce(extras <= aulas_libres, true)
