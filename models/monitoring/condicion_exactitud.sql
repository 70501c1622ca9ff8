with
errores as (
    select * from {{ ref('errores_vigilados') }}
    where horizonte = 1 and es_final and nivel in ('total', 'sede')
),

periodos as (select * from {{ ref('dim_periodos') }}),

medidas as (
    select
        nivel,
        donde,
        indice,
        round(error_absoluto / nullif(alumnos, 0), 9) as valor,
        1 / nullif(alumnos, 0) as ruido
    from errores
),

conocidas as (
    select * from medidas
    where valor is not null
),

juzgadas as (
    select * from {{ against_its_past('conocidas', var('vigilancia_desviaciones')) }}
)

select
    'exactitud' as tipo,
    j.nivel,
    j.donde,
    d.periodo,
    round(j.valor, 4) as valor,
    round(j.centro + j.limite, 4) as umbral,
    cast(null as double) as umbral_inferior,
    j.valor > j.centro + j.limite as se_cumple
from juzgadas as j
inner join periodos as d on j.indice = d.indice
