-- From coarse to fine: each group's rate is shrunk towards its parent's, k students' worth of it (empirical Bayes).
{% set agrupaciones = [
    {'clave': ['nivel', 'programa', 'frecuencia'], 'k': 120},
    {'clave': ['sede', 'linea'], 'k': 120},
    {'clave': ['sede', 'horario_actual'], 'k': 120},
    {'clave': ['sede', 'horario_actual', 'programa', 'frecuencia'], 'k': 120},
    {'clave': ['curso_actual'], 'k': 150},
    {'clave': ['sede', 'curso_actual', 'horario_actual'], 'k': 200},
] %}

with
destinos as (select * from {{ ref('destinos') }}),

candidatos as (
    select * from {{ ref('candidatos') }}
    where tipo <> 'inicial'
),

cursos as (select * from {{ ref('dim_cursos') }}),

-- A period in which most students lost their course's code says nothing of retention.
transiciones as (
    select *
    from {{ ref('transiciones') }}
    where not es_futura and tipo_demanda <> 'inicial' and alumnos_previos > 0
    qualify sum(alumnos) over (partition by indice) >= 0.5 * sum(alumnos_previos) over (partition by indice)
),

-- The rate of a period, and of each programme, pace and line in it.
tasa_periodo as (
    select
        indice,
        sum(alumnos) / sum(alumnos_previos) as tasa
    from transiciones
    group by indice
),

tasa_grupo as (
    select
        t.indice,
        t.programa,
        t.frecuencia,
        t.linea,
        (sum(t.alumnos) + 150 * p.tasa) / (sum(t.alumnos_previos) + 150) as tasa,
        (sum(t.alumnos) + 150 * p.tasa) / (sum(t.alumnos_previos) + 150) / p.tasa as relativa
    from transiciones as t
    inner join tasa_periodo as p on t.indice = p.indice
    group by t.indice, t.programa, t.frecuencia, t.linea, p.tasa
),

-- The season's rate: of the same season of the last two years, moved half as far as the year has moved.
estaciones as (
    select
        d.indice_origen,
        d.h,
        t.indice,
        t.tasa,
        case when t.indice = d.indice_misma_estacion then 1.0 else 0.5 end as peso
    from destinos as d
    inner join tasa_periodo as t
        on t.indice in (d.indice_misma_estacion, d.indice_misma_estacion - d.estaciones_por_ciclo)
),

deriva as (
    select
        d.indice_origen,
        d.h,
        avg(ln(t.tasa / a.tasa)) as deriva
    from destinos as d
    inner join tasa_periodo as t
        on t.indice between d.indice_origen - {{ half_cycle('d') }} + 1 and d.indice_origen
    inner join tasa_periodo as a on t.indice - d.estaciones_por_ciclo = a.indice
    group by d.indice_origen, d.h
),

recientes as (
    select
        d.indice_origen,
        d.h,
        avg(t.tasa) as tasa
    from destinos as d
    inner join tasa_periodo as t
        on t.indice between d.indice_origen - {{ half_cycle('d') }} + 1 and d.indice_origen
    group by d.indice_origen, d.h
),

tasa_destino as (
    select
        r.indice_origen,
        r.h,
        coalesce(exp(sum(e.peso * ln(e.tasa)) / sum(e.peso)) * exp(0.5 * coalesce(max(v.deriva), 0)), r.tasa) as tasa
    from recientes as r
    left join estaciones as e on r.indice_origen = e.indice_origen and r.h = e.h
    left join deriva as v on r.indice_origen = v.indice_origen and r.h = v.h
    group by r.indice_origen, r.h, r.tasa
),

relativa_destino as (
    select
        e.indice_origen,
        e.h,
        g.programa,
        g.frecuencia,
        g.linea,
        exp(sum(e.peso * ln(g.relativa)) / sum(e.peso)) as relativa
    from estaciones as e
    inner join tasa_grupo as g on e.indice = g.indice
    where g.relativa > 0
    group by e.indice_origen, e.h, g.programa, g.frecuencia, g.linea
),

-- What was expected of each transition that the origin knows, and how much it counts: the recent, and the season's.
pares_0 as (
    select
        d.indice_origen,
        d.h,
        t.sede,
        t.curso_actual,
        t.horario_actual,
        t.programa,
        t.linea,
        t.nivel,
        t.frecuencia,
        t.alumnos,
        exp(-(d.indice_origen - t.indice) * 2.0 / d.estaciones_por_ciclo) + case when t.estacion = d.estacion then 3 else 0 end as peso,
        t.alumnos_previos * g.tasa as esperados
    from destinos as d
    inner join transiciones as t on d.indice_origen >= t.indice
    inner join tasa_grupo as g
        on t.indice = g.indice and t.programa = g.programa and t.frecuencia = g.frecuencia and t.linea = g.linea
),
{% for agrupacion in agrupaciones %}
desvio_{{ loop.index }} as (
    select
        indice_origen,
        h,
        {{ agrupacion.clave | join(', ') }},
        (sum(peso * alumnos) + {{ agrupacion.k }}) / (sum(peso * esperados) + {{ agrupacion.k }}) as desvio
    from pares_{{ loop.index0 }}
    group by all
),

pares_{{ loop.index }} as (
    select p.* replace (p.esperados * d.desvio as esperados)
    from pares_{{ loop.index0 }} as p
    inner join desvio_{{ loop.index }} as d using (indice_origen, h, {{ agrupacion.clave | join(', ') }})
),
{% endfor %}
final as (
    select
        c.indice_origen,
        c.h,
        c.unique_id,
        b.tasa * coalesce(r.relativa, 1)
        {%- for agrupacion in agrupaciones %}
        * coalesce(d{{ loop.index }}.desvio, 1)
        {%- endfor %} as tasa
    from candidatos as c
    inner join cursos as k on c.curso_actual = k.curso_actual
    inner join tasa_destino as b on c.indice_origen = b.indice_origen and c.h = b.h
    left join relativa_destino as r
        on
            c.indice_origen = r.indice_origen
            and c.h = r.h
            and k.programa = r.programa
            and k.frecuencia = r.frecuencia
            and k.linea = r.linea
    {% for agrupacion in agrupaciones %}{% set numero = loop.index %}
    left join desvio_{{ loop.index }} as d{{ loop.index }}
        on
            c.indice_origen = d{{ loop.index }}.indice_origen
            and c.h = d{{ loop.index }}.h
            {%- for columna in agrupacion.clave %}
            and {{ 'c' if columna in ('sede', 'curso_actual', 'horario_actual') else 'k' }}.{{ columna }} = d{{ numero }}.{{ columna }}
            {%- endfor %}
    {% endfor %}
)

select * from final
