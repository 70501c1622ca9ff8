with
aportes as (
    select * from {{ ref('aportes') }}
    where nivel <> 'total' and alumnos > 0
),

periodos as (select * from {{ ref('dim_periodos') }}),

corrida as (select * from {{ ref('corrida') }}),

cuarentena as (select * from {{ ref('cuarentena') }}),

totales as (
    select
        nivel,
        indice,
        sum(alumnos) as alumnos
    from aportes
    group by nivel, indice
),

-- Each period beside the one before it and the same season of the cycle before.
parejas as (
    select
        a.nivel,
        a.indice,
        b.indice as indice_base,
        a.alumnos as alumnos_total,
        b.alumnos as alumnos_base
    from totales as a
    inner join periodos as d on a.indice = d.indice
    inner join totales as b on a.nivel = b.nivel and b.indice in (a.indice - 1, a.indice - d.estaciones_por_ciclo)
    inner join corrida as r on a.indice > r.primer_indice + d.estaciones_por_ciclo
),

presentes as (
    select distinct
        p.*,
        v.donde
    from parejas as p
    inner join aportes as v on p.nivel = v.nivel and v.indice in (p.indice, p.indice_base)
),

-- Half a student stands for none: the logarithm of nothing is no number.
partes as (
    select
        p.nivel,
        p.indice,
        p.indice_base,
        (coalesce(a.alumnos, 0) + 0.5) / p.alumnos_total as parte,
        (coalesce(b.alumnos, 0) + 0.5) / p.alumnos_base as parte_base
    from presentes as p
    left join aportes as a on p.nivel = a.nivel and p.indice = a.indice and p.donde = a.donde
    left join aportes as b on p.nivel = b.nivel and p.indice_base = b.indice and p.donde = b.donde
),

psi as (
    select
        nivel,
        indice,
        indice_base,
        round(sum((parte - parte_base) * ln(parte / parte_base)), 9) as psi
    from partes
    group by nivel, indice, indice_base
),

-- The population stability index; what one of the two explains is no drift.
medidas as (
    select
        nivel,
        'todo' as donde,
        indice,
        min(psi) as valor,
        0 as ruido
    from psi
    group by nivel, indice
),

juzgadas as (
    select * from {{ against_its_past('medidas', var('vigilancia_desviaciones_mezcla')) }}
),

apartadas as (
    select distinct
        seccion_id,
        periodo,
        matriculados
    from cuarentena
),

apartados as (
    select
        periodo,
        sum(matriculados) as alumnos
    from apartadas
    group by periodo
),

sin_codigo as (
    select
        p.indice,
        round(coalesce(q.alumnos, 0) / (t.alumnos + coalesce(q.alumnos, 0)), 6) as valor
    from totales as t
    inner join periodos as p on t.indice = p.indice
    left join apartados as q on p.periodo = q.periodo
    where t.nivel = 'sede'
),

limitadas as (
    select
        nivel,
        donde,
        indice,
        valor,
        greatest(round(centro + limite, 4), {{ var('vigilancia_psi_minimo') }}) as umbral
    from juzgadas

    union all

    -- Sections that are set aside, as their codes are in no mapping: of these no past explains any.
    select
        'sin_codigo' as nivel,
        'todo' as donde,
        indice,
        valor,
        {{ var('vigilancia_sin_codigo_maximo') }} as umbral
    from sin_codigo
)

select
    'mezcla' as tipo,
    l.nivel,
    l.donde,
    d.periodo,
    round(l.valor, 4) as valor,
    cast(l.umbral as double) as umbral,
    cast(null as double) as umbral_inferior,
    l.valor > l.umbral as se_cumple
from limitadas as l
inner join periodos as d on l.indice = d.indice
