with
celdas as (select * from {{ ref('celdas') }}),

periodos as (select * from {{ ref('dim_periodos') }}),

corrida as (select * from {{ ref('corrida') }}),

totales as (
    select
        indice,
        sum(alumnos) as alumnos
    from celdas
    group by indice
),

-- Cells that are in none of the periods of the cycle before, and those of the period before that are in none of the two.
vistas as (
    select
        c.*,
        d.estaciones_por_ciclo as ciclo,
        lag(c.indice) over celda as anterior,
        lead(c.indice) over celda as siguiente
    from celdas as c
    inner join periodos as d on c.indice = d.indice
    window celda as (partition by c.sede, c.curso_actual, c.horario_actual order by c.indice)
),

nuevas as (
    select
        indice,
        'nuevas' as donde,
        sum(alumnos) as alumnos
    from vistas
    where anterior is null or anterior < indice - ciclo
    group by indice
),

desaparecidas as (
    select
        indice + 1 as indice,
        'desaparecidas' as donde,
        sum(alumnos) as alumnos
    from vistas
    where siguiente is null or siguiente > indice + 1
    group by indice
),

cambiadas as (
    select
        *,
        indice as indice_total
    from nuevas

    union all

    select
        *,
        indice - 1 as indice_total
    from desaparecidas
),

medidas as (
    select
        'celdas' as nivel,
        c.donde,
        c.indice,
        round(c.alumnos / t.alumnos, 9) as valor,
        0 as ruido
    from cambiadas as c
    inner join totales as t on c.indice_total = t.indice
    inner join periodos as d on c.indice = d.indice
    inner join corrida as r on c.indice > r.primer_indice + d.estaciones_por_ciclo and c.indice <= r.indice_corte
),

juzgadas as (
    select * from {{ against_its_past('medidas', var('vigilancia_desviaciones')) }}
)

select
    'celdas' as tipo,
    j.nivel,
    j.donde,
    d.periodo,
    round(j.valor, 4) as valor,
    round(j.centro + j.limite, 4) as umbral,
    cast(null as double) as umbral_inferior,
    j.valor > j.centro + j.limite as se_cumple
from juzgadas as j
inner join periodos as d on j.indice = d.indice
