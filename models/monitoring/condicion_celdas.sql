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
    select * from nuevas

    union all

    select * from desaparecidas
),

-- Of the students of each period: no cell changed is a share, too.
posibles as (
    select
        indice,
        'nuevas' as donde,
        alumnos
    from totales

    union all

    select
        indice + 1 as indice,
        'desaparecidas' as donde,
        alumnos
    from totales
),

medidas as (
    select
        'celdas' as nivel,
        p.donde,
        p.indice,
        round(coalesce(c.alumnos, 0) / p.alumnos, 9) as valor,
        1 / p.alumnos / 4 as ruido
    from posibles as p
    inner join periodos as d on p.indice = d.indice
    inner join corrida as r on p.indice > r.primer_indice + d.estaciones_por_ciclo and p.indice <= r.indice_corte
    left join cambiadas as c on p.donde = c.donde and p.indice = c.indice
    where p.alumnos > 0
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
