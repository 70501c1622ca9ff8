-- From coarse to fine: each group's share is shrunk towards its parent's, k students' worth of it (empirical Bayes).
{% set agrupaciones = [
    {'clave': ['sede'], 'k': 20},
    {'clave': ['programa', 'frecuencia', 'linea'], 'k': 20},
    {'clave': ['sede', 'programa'], 'k': 20},
    {'clave': ['horario_actual'], 'k': 20},
    {'clave': ['sede', 'horario_actual'], 'k': 20},
    {'clave': ['sede', 'curso_actual'], 'k': 20},
    {'clave': ['unique_id'], 'k': 5},
] %}

with
destinos as (select * from {{ ref('destinos') }}),

periodos as (select * from {{ ref('dim_periodos') }}),

celdas as (select * from {{ ref('celdas') }}),

cursos as (select * from {{ ref('dim_cursos') }}),

candidatos as (
    select * from {{ ref('candidatos') }}
    where tipo in ('inicial', 'estacional')
),

-- The periods that the origin knows, and how much each counts: the recent, and the season's.
pesos as (
    select
        d.indice_origen,
        d.h,
        d.estaciones_por_ciclo,
        d.indice_misma_estacion,
        p.indice,
        exp(-(d.indice_origen - p.indice) / 4.0) + case when p.estacion = d.estacion then 3 else 0 end as peso
    from destinos as d
    inner join periodos as p on p.indice between d.indice_origen - 29 and d.indice_origen
),

historia as (
    select
        c.indice_origen,
        c.h,
        c.unique_id,
        c.tipo,
        p.indice,
        p.estaciones_por_ciclo,
        p.indice_misma_estacion,
        p.peso,
        a.alumnos
    from candidatos as c
    inner join pesos as p using (indice_origen, h)
    inner join celdas as a
        on
            c.sede = a.sede
            and c.curso_actual = a.curso_actual
            and c.horario_actual = a.horario_actual
            and p.indice = a.indice
),

-- The season's intake: of the same season of the last two years (weights 1 and ½), moved as far as the last six
-- periods have moved from the year before; without a season known, the mean of the last six.
sumas as (
    select
        indice_origen,
        h,
        tipo,
        sum(peso * alumnos) as pesados,
        sum(alumnos) filter (where indice = indice_misma_estacion) as estacion_1,
        sum(alumnos) filter (where indice = indice_misma_estacion - estaciones_por_ciclo) as estacion_2,
        sum(alumnos) filter (where indice > indice_origen - 6) as recientes,
        sum(alumnos) filter (
            where indice between indice_origen - estaciones_por_ciclo - 5 and indice_origen - estaciones_por_ciclo
        ) as recientes_previos
    from historia
    group by indice_origen, h, tipo
),

totales as (
    select
        indice_origen,
        h,
        tipo,
        pesados,
        coalesce(
            exp((ln(estacion_1) + 0.5 * ln(coalesce(estacion_2, estacion_1))) / 1.5)
            * coalesce(sum(recientes) over origen / sum(recientes_previos) over origen, 1),
            recientes / 6,
            0
        ) as total
    from sumas
    window origen as (partition by indice_origen, h)
),

por_celda as (
    select
        indice_origen,
        h,
        unique_id,
        sum(peso * alumnos) as pesados
    from historia
    group by indice_origen, h, unique_id
),

-- All alike at first; what each had, and what would have been expected of it, in weighted students.
repartos_0 as (
    select
        c.indice_origen,
        c.h,
        c.unique_id,
        c.tipo,
        c.sede,
        c.curso_actual,
        c.horario_actual,
        k.programa,
        k.frecuencia,
        k.linea,
        t.total,
        coalesce(p.pesados, 0) as pesados,
        t.pesados / count(*) over (partition by c.indice_origen, c.h, c.tipo) as esperados
    from candidatos as c
    inner join cursos as k on c.curso_actual = k.curso_actual
    inner join totales as t using (indice_origen, h, tipo)
    left join por_celda as p using (indice_origen, h, unique_id)
),
{% for agrupacion in agrupaciones %}
repartos_{{ loop.index }} as (
    select
        * replace (
            esperados * (sum(pesados) over grupo + {{ agrupacion.k }}) / (sum(esperados) over grupo + {{ agrupacion.k }}) as esperados
        )
    from repartos_{{ loop.index0 }}
    window grupo as (partition by indice_origen, h, tipo, {{ agrupacion.clave | join(', ') }})
),
{% endfor %}
-- Rounded: sums of fractions differ in the last bit with the order of the rows.
final as (
    select
        indice_origen,
        h,
        unique_id,
        round(total * esperados / sum(esperados) over (partition by indice_origen, h, tipo), 9) as esperados
    from repartos_{{ agrupaciones | length }}
)

select * from final
