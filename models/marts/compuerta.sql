{% set publicado = published_now() %}

with
pronosticos as (
    select * from {{ ref('pronosticos') }}
    where h = 1
),

base as (
    select * from {{ ref('pronosticos_base') }}
    where h = 1 and modelo = 'naive_estacional'
),

corrida as (select * from {{ ref('corrida') }}),

detalle as (
    select * from {{ ref('prediccion_detalle') }}
    where horizonte = 1
),

exactitud as (
    select * from {{ ref('exactitud') }}
    where nivel_jerarquia = 'celda' and corte = 'origen' and modelo = 'aforo' and horizonte = 1
),

fuentes as (
    select * from {{ ref('salud_fuentes') }}
    where estado = 'viva'
),

valor as (
    select * from {{ ref('valor_agregado') }}
    where horizonte = 1 and clase in ('ultimo_valor', 'misma_estacion', 'media_de_la_estacion', 'regla_de_flujo')
),

relevos as (
    select r.*
    from {{ ref('relevos') }} as r
    inner join corrida as c on r.indice_origen = c.indice_corte
    where r.h = 1
),

-- How far above its same season a forecast was, at each origin: what a place usually does.
razones as (
    select
        p.nivel_jerarquia,
        p.unique_id,
        p.media,
        b.yhat as misma_estacion,
        -- A forecast of nobody has no logarithm, and is judged all the same.
        ln(nullif(p.media, 0) / b.yhat) as razon,
        p.indice_origen = r.indice_corte as es_de_hoy
    from pronosticos as p
    inner join base as b
        on p.indice_origen = b.indice_origen and p.nivel_jerarquia = b.nivel_jerarquia and p.unique_id = b.unique_id
    cross join corrida as r
    where p.nivel_jerarquia in ('total', 'sede') and b.yhat > 0
),

-- A place that is always the same is allowed a tenth of a unit all the same.
usuales as (
    select
        nivel_jerarquia,
        unique_id,
        round(avg(razon), 9) as media,
        round(greatest(stddev_samp(razon), 0.1), 9) as desvio
    from razones
    where not es_de_hoy
    group by nivel_jerarquia, unique_id
    having count(razon) >= {{ var('compuerta_origenes') }}
),

lugares as (
    select
        h.nivel_jerarquia || '_fuera_de_rango' as verificacion,
        h.unique_id as donde,
        h.media as valor,
        h.misma_estacion * exp(u.media - {{ var('compuerta_desvios') }} * u.desvio) as minimo,
        h.misma_estacion * exp(u.media + {{ var('compuerta_desvios') }} * u.desvio) as maximo,
        'compare con historia y prediccion_jerarquia: si el cambio es real, acéptelo' as que_hacer,
        true as bloquea
    from razones as h
    inner join usuales as u on h.nivel_jerarquia = u.nivel_jerarquia and h.unique_id = u.unique_id
    where h.es_de_hoy
),

celdas_de_respaldo as (
    select
        'celdas_de_respaldo' as verificacion,
        'total' as donde,
        avg(cast(modelo <> 'aprendiz' as integer)) as valor,
        cast(null as double) as minimo,
        {{ publicado.get('respaldo', 'null') }} + {{ var('compuerta_respaldo') }} as maximo,
        'más celdas que en lo publicado se apoyan en una regla y no en el aprendiz: vea logs/aforo.log' as que_hacer,
        true as bloquea
    from detalle
),

-- The same origins alone: another month's are easier or harder. With fewer tables it is worse for a reason that is said.
publicados as (
    {%- for periodo, wape in publicado.get('origenes', {}).items() %}
    select '{{ periodo | int }}' as origen, cast({{ wape | float }} as double) as wape
    union all
    {%- endfor %}
    select
        null as origen,
        null as wape
    where false
),

retroceso as (
    select
        'retroceso' as verificacion,
        'total' as donde,
        sum(e.wape * e.alumnos) / sum(e.alumnos) as valor,
        cast(null as double) as minimo,
        sum(p.wape * e.alumnos) / sum(e.alumnos) * (1 + {{ var('compuerta_retroceso') }}) as maximo,
        'el backtest falla más que el de lo publicado en los mismos orígenes: vea exactitud por origen' as que_hacer,
        true as bloquea
    from exactitud as e
    inner join publicados as p on e.valor = p.origen
    where (select count(*) from fuentes) >= {{ publicado.get('vivas', 0) }}
),

-- Said, not refused: where it is no chance, the rule is what is published.
reglas as (
    select
        'regla_simple' as verificacion,
        v.tipo_demanda as donde,
        any_value(v.wape_aforo) as valor,
        cast(null as double) as minimo,
        min(v.wape) as maximo,
        coalesce(
            'se publica la regla simple, que falló menos: ' || any_value(r.regla),
            'la regla simple falló menos, por poco o en pocos orígenes: mire las dos'
        ) as que_hacer,
        false as bloquea,
        any_value(r.regla) as regla_publicada
    from valor as v
    left join relevos as r using (tipo_demanda)
    group by v.tipo_demanda
),

reunidas as (
    select * from lugares
    union all by name
    select * from celdas_de_respaldo
    union all by name
    select * from retroceso
    union all by name
    select * from reglas
)

select
    cast(verificacion as varchar) as verificacion,
    cast(donde as varchar) as donde,
    cast(round(valor, 6) as double) as valor,
    cast(round(minimo, 6) as double) as minimo,
    cast(round(maximo, 6) as double) as maximo,
    -- Nothing to compare with passes.
    coalesce(valor >= minimo, true) and coalesce(valor <= maximo, true) as pasa,
    bloquea,
    cast(que_hacer as varchar) as que_hacer,
    cast(regla_publicada as varchar) as regla_publicada
from reunidas
where valor is not null
