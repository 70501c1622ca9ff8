with
evaluaciones as (
    select * from {{ ref('evaluaciones') }}
    where modelo = 'aforo' and h = 1
),

pronosticos as (
    select * from {{ ref('pronosticos') }}
    where nivel_jerarquia = 'celda'
),

cursos as (select * from {{ ref('dim_cursos') }}),

-- The number that is published, as exactitud judges it.
juzgadas as (
    select
        e.indice_origen,
        e.sede,
        c.programa,
        e.horario_actual,
        e.y,
        e.yhat,
        coalesce(round(p.punto), e.yhat) as pronostico
    from evaluaciones as e
    inner join cursos as c on e.curso_actual = c.curso_actual
    left join pronosticos as p on e.indice_origen = p.indice_origen and e.h = p.h and e.unique_id = p.unique_id
),

errores as (
    select
        *,
        pronostico - y as desvio,
        abs(pronostico - y) as error_absoluto,
        {{ tramo('yhat') }} as tramo
    from juzgadas
),

-- What a forecast of this size misses anywhere in the institute: what size explains of a group's error.
esperados as (
    select
        tramo,
        avg(error_absoluto) as error_esperado
    from errores
    group by tramo
),

tamanos as (
    select
        sede,
        case ntile(3) over (order by sum(y), sede)
            when 1 then 'pequeña'
            when 2 then 'mediana'
            else 'grande'
        end as tamano
    from errores
    group by sede
),

con_esperado as (
    select
        e.*,
        s.error_esperado,
        t.tamano
    from errores as e
    inner join esperados as s on e.tramo = s.tramo
    inner join tamanos as t on e.sede = t.sede
),

por_corte as (
    {%- for corte, columna in [('sede', 'sede'), ('programa', 'programa'), ('horario', 'horario_actual'), ('tamano_sede', 'tamano')] %}
    select
        '{{ corte }}' as corte,
        {{ columna }} as valor,
        indice_origen,
        count(*) as n,
        sum(y) as alumnos,
        sum(desvio) as desvio,
        sum(error_absoluto) as error_absoluto,
        sum(error_esperado) as error_esperado
    from con_esperado
    group by all
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

resumen as (
    select
        corte,
        valor,
        count(*) as origenes,
        sum(n) as n,
        sum(alumnos) as alumnos,
        round(sum(error_absoluto) / nullif(sum(alumnos), 0), 9) as wape,
        round(sum(desvio) / nullif(sum(alumnos), 0), 9) as sesgo,
        round(sum(error_esperado) / nullif(sum(alumnos), 0), 9) as wape_esperado,
        round(sum(error_absoluto) / nullif(sum(error_esperado), 0), 9) as razon,
        -- Of one origin to the next: luck makes some groups worse in every sample.
        round(
            avg(error_absoluto - error_esperado)
            / nullif(stddev_samp(error_absoluto - error_esperado) / sqrt(count(*)), 0),
            9
        ) as estadistico_t
    from por_corte
    group by corte, valor
)

select
    cast(corte as varchar) as corte,
    cast(valor as varchar) as valor,
    cast(origenes as integer) as origenes,
    cast(n as integer) as n,
    cast(alumnos as double) as alumnos,
    cast(wape as double) as wape,
    cast(sesgo as double) as sesgo,
    cast(wape_esperado as double) as wape_esperado,
    cast(razon as double) as razon,
    cast(estadistico_t as double) as estadistico_t,
    coalesce(razon > {{ var('equidad_maxima') }} and estadistico_t > 2, false) as es_peor_servida
from resumen
