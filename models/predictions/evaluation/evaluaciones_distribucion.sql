with
distribuciones as (select * from {{ ref('distribuciones') }}),

objetivo as (
    select * from {{ ref('objetivo') }}
    where es_candidata
),

cinco as (
    select * from {{ ref('pronosticos') }}
    where nivel_jerarquia = 'celda'
),

parametros as (select * from {{ ref('dim_parametros') }}),

demanda as (select * from {{ ref('demanda') }}),

-- The distribution, and the five quantiles of the interval with straight lines between them as a grid of the same levels.
juntas as (
    select
        d.indice_origen,
        d.h,
        d.unique_id,
        t.tipo as tipo_demanda,
        t.alumnos as y,
        coalesce(r.esta_llena, false) as esta_llena,
        m.minimo_alumnos,
        m.vacantes_estandar,
        d.cuantiles,
        d.prob_sin_dictar,
        q.media,
        [
            case
                when i < 4 then q.q025 + (q.q10 - q.q025) * (i - 1) / 3
                when i < 20 then q.q10 + (q.mediana - q.q10) * (i - 4) / 16
                when i < 36 then q.mediana + (q.q90 - q.mediana) * (i - 20) / 16
                else q.q90 + (q.q975 - q.q90) * (i - 36) / 3
            end for i in range(1, {{ puntos_de_cuantil() }} + 1)
        ] as cuantiles_cinco
    from distribuciones as d
    inner join objetivo as t using (indice_origen, h, unique_id)
    inner join cinco as q using (indice_origen, h, unique_id)
    left join parametros as m on t.indice = m.indice and t.curso_actual = m.curso_actual
    left join demanda as r on t.indice = r.indice and d.unique_id = r.unique_id
),

-- A full cell's count is known as a lower bound alone: what lies above it is not judged.
juzgadas as (
    select
        *,
        case when esta_llena then y end as tope,
        len([q for q in cuantiles_cinco if q = 0]) / ({{ puntos_de_cuantil() }} + 1) as prob_sin_dictar_cinco,
        -- As many sections as twice the mean and one more would need.
        case
            when minimo_alumnos > 0
                then coalesce(greatest(floor((2 * media - minimo_alumnos) / nullif(vacantes_estandar, 0)) + 2, 1), 1)
            else 0
        end as secciones
    from juntas
),

perdidas as (
    select
        *,
        {{ crps('cuantiles') }} as crps,
        {{ crps('cuantiles_cinco') }} as crps_cinco,
        1 - {{ prob_al_menos('y', 'j') }} as pit_desde,
        case when esta_llena then 1 else 1 - {{ prob_al_menos('y + 1', 'j') }} end as pit_hasta
    from juzgadas as j
),

umbrales as (
    select
        indice_origen,
        h,
        unique_id,
        y,
        tope,
        struct_pack(cuantiles := cuantiles, prob_sin_dictar := prob_sin_dictar) as rejilla,
        struct_pack(cuantiles := cuantiles_cinco, prob_sin_dictar := prob_sin_dictar_cinco) as cinco,
        minimo_alumnos + (unnest(range(1, cast(secciones as bigint) + 1)) - 1) * coalesce(vacantes_estandar, 0) as umbral
    from juzgadas
),

aciertos as (
    select
        indice_origen,
        h,
        unique_id,
        count(*) as umbrales,
        round(sum(pow({{ prob_al_menos('umbral', 'rejilla') }} - cast(y >= umbral as integer), 2)), 9) as brier,
        round(sum(pow({{ prob_al_menos('umbral', 'cinco') }} - cast(y >= umbral as integer), 2)), 9) as brier_cinco
    from umbrales
    where umbral <= coalesce(tope, umbral)
    group by indice_origen, h, unique_id
)

select
    p.indice_origen,
    p.h,
    p.unique_id,
    p.tipo_demanda,
    p.y,
    p.esta_llena,
    p.crps,
    p.crps_cinco,
    cast(coalesce(a.umbrales, 0) as integer) as umbrales,
    a.brier,
    a.brier_cinco,
    round(p.pit_desde, 9) as pit_desde,
    round(p.pit_hasta, 9) as pit_hasta
from perdidas as p
left join aciertos as a using (indice_origen, h, unique_id)
