with
errores as (
    select * from {{ ref('errores_vigilados') }}
    where horizonte = 1 and es_final and nivel in ('sede', 'programa', 'horario')
),

periodos as (select * from {{ ref('dim_periodos') }}),

-- Each period with those of the cycle that ends in it: one month's luck is no disservice.
ventanas as (
    select
        p.indice as indice_final,
        e.*
    from (select distinct indice from errores) as p
    inner join periodos as d on p.indice = d.indice
    inner join errores as e on e.indice between p.indice - d.estaciones_por_ciclo + 1 and p.indice
),

tamanos as (
    select
        indice_final,
        donde as sede,
        case ntile(3) over (partition by indice_final order by sum(alumnos), donde)
            when 1 then 'sedes pequeñas'
            when 2 then 'sedes medianas'
            else 'sedes grandes'
        end as tamano
    from ventanas
    where nivel = 'sede'
    group by indice_final, donde
    -- A third of fewer than six may be one campus alone, which is there as itself.
    qualify count(*) over (partition by indice_final) >= 6
),

grupos as (
    select
        nivel,
        donde,
        indice_final,
        indice,
        error_absoluto,
        error_esperado
    from ventanas

    union all

    select
        'tamano_sede' as nivel,
        t.tamano as donde,
        v.indice_final,
        v.indice,
        sum(v.error_absoluto) as error_absoluto,
        sum(v.error_esperado) as error_esperado
    from ventanas as v
    inner join tamanos as t on v.indice_final = t.indice_final and v.donde = t.sede
    where v.nivel = 'sede'
    group by t.tamano, v.indice_final, v.indice
),

resumen as (
    select
        nivel,
        donde,
        indice_final as indice,
        round(sum(error_absoluto) / nullif(sum(error_esperado), 0), 9) as razon,
        -- The excess's standard error, from one period to the next, in units of what is expected.
        round(
            stddev_samp(error_absoluto - error_esperado) * sqrt(count(*)) / nullif(sum(error_esperado), 0), 9
        ) as error_estandar,
        count(*) as juzgados
    from grupos
    group by nivel, donde, indice_final
    having count(*) >= {{ var('vigilancia_periodos_minimos') }}
),

con_grupos as (
    select
        *,
        count(*) over (partition by nivel, indice) as grupos
    from resumen
    where razon is not null
),

-- Among many groups luck makes some worse: the more there are, the further beyond chance one must be.
limitados as (
    select
        *,
        greatest(
            {{ var('equidad_maxima') }},
            round(1 + error_estandar * {{ among_places(var('vigilancia_desviaciones_equidad'), 'grupos', 'juzgados - 1') }}, 9)
        ) as umbral
    from con_grupos
)

select
    'equidad' as tipo,
    l.nivel,
    l.donde,
    d.periodo,
    round(l.razon, 4) as valor,
    round(l.umbral, 4) as umbral,
    cast(null as double) as umbral_inferior,
    l.razon > l.umbral as se_cumple
from limitados as l
inner join periodos as d on l.indice = d.indice
