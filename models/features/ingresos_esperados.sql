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

corrida as (select * from {{ ref('corrida') }}),

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
        exp(-(d.indice_origen - p.indice) * 3.0 / d.estaciones_por_ciclo)
        + case when p.estacion = d.estacion then 3 else 0 end as peso
    from destinos as d
    cross join corrida as r
    inner join periodos as p on p.indice between r.primer_indice and d.indice_origen
),

-- What may be compared: the last half of a cycle with the same periods a cycle before, as far as those are known.
ventanas as (
    select
        d.indice_origen,
        d.h,
        d.estaciones_por_ciclo,
        d.indice_misma_estacion,
        d.indice_misma_estacion - d.estaciones_por_ciclo >= r.primer_indice as hay_dos_estaciones,
        least({{ half_cycle('d') }}, d.indice_origen - r.primer_indice + 1) as recientes,
        greatest(
            least({{ half_cycle('d') }}, d.indice_origen - d.estaciones_por_ciclo - r.primer_indice + 1), 0
        ) as comparables
    from destinos as d
    cross join corrida as r
),

historia as (
    select
        c.indice_origen,
        c.h,
        c.unique_id,
        c.tipo,
        p.indice,
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

-- The season's intake: of the same season of the last two cycles (weights 1 and ½), moved as far as the last half of a
-- cycle has moved from the one before; without a season known, the mean of the last half of a cycle.
sumas as (
    select
        a.indice_origen,
        a.h,
        a.tipo,
        sum(a.peso * a.alumnos) as pesados,
        coalesce(sum(a.alumnos) filter (where a.indice = v.indice_misma_estacion), 0) as estacion_1,
        coalesce(sum(a.alumnos) filter (where a.indice = v.indice_misma_estacion - v.estaciones_por_ciclo), 0) as estacion_2,
        coalesce(sum(a.alumnos) filter (where a.indice > a.indice_origen - v.recientes), 0) as recientes,
        coalesce(sum(a.alumnos) filter (where a.indice > a.indice_origen - v.comparables), 0) as comparables,
        coalesce(
            sum(a.alumnos) filter (
                where
                a.indice > a.indice_origen - v.estaciones_por_ciclo - v.comparables
                and a.indice <= a.indice_origen - v.estaciones_por_ciclo
            ), 0
        ) as comparables_previos
    from historia as a
    inner join ventanas as v on a.indice_origen = v.indice_origen and a.h = v.h
    group by a.indice_origen, a.h, a.tipo
),

totales as (
    select
        s.indice_origen,
        s.h,
        s.tipo,
        s.pesados,
        case
            when v.indice_misma_estacion is null then s.recientes / v.recientes
            else
                case when v.hay_dos_estaciones then (s.estacion_1 + 0.5 * s.estacion_2) / 1.5 else s.estacion_1 end
                * coalesce(sum(s.comparables) over origen / nullif(sum(s.comparables_previos) over origen, 0), 1)
        end as total
    from sumas as s
    inner join ventanas as v on s.indice_origen = v.indice_origen and s.h = v.h
    window origen as (partition by s.indice_origen, s.h)
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
