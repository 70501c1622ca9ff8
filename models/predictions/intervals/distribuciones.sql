with
puntos as (select * from {{ ref('vistas_del_punto') }}),

probabilidades as (select * from {{ ref('probabilidades') }}),

formas as (select * from {{ ref('formas') }}),

esperadas as (
    select
        v.indice_origen,
        v.h,
        v.unique_id,
        v.tipo_demanda,
        v.media,
        sqrt(greatest(v.media, 1)) as unidad,
        {{ tramo('v.media') }} as tramo,
        {{ tamano('v.media') }} as tamano,
        p.probabilidad_dictado as dictado,
        v.media / greatest(p.probabilidad_dictado, 0.001) as media_dictada
    from puntos as v
    inner join probabilidades as p using (indice_origen, h, unique_id)
),

-- If it is held: the expected number and the residuals of its class; without them, a logistic's shape about what is expected of it then, somewhat
-- wider than a Poisson's.
si_se_dictan as (
    select
        e.indice_origen,
        e.h,
        e.unique_id,
        1 - e.dictado as prob_sin_dictar,
        f.residuos,
        f.residuos_nivel,
        [
            greatest(
                e.media + e.unidad * f.z[i]
                + f.peso_previa * (
                    e.media_dictada + {{ ancho_previo() }} * sqrt(e.media_dictada) * ln(i / ({{ puntos_de_cuantil() }} + 1 - i))
                    - e.media
                ),
                0.5
            ) for i in range(1, {{ puntos_de_cuantil() }} + 1)
        ] as x
    from esperadas as e
    inner join formas as f using (indice_origen, h, tipo_demanda, tramo, tamano)
),

-- Where each level of the whole lies among the levels of those held, in steps of the grid; 0 and less: not held.
con_pasos as (
    select
        *,
        [
            (i - ({{ puntos_de_cuantil() }} + 1) * prob_sin_dictar) / greatest(1 - prob_sin_dictar, 0.000001)
            for i in range(1, {{ puntos_de_cuantil() }} + 1)
        ] as pasos
    from si_se_dictan
)

select
    indice_origen,
    h,
    unique_id,
    round(prob_sin_dictar, 6) as prob_sin_dictar,
    [
        case
            when u <= 0 then 0
            when u <= 1 then round(x[1], 4)
            else
                round(
                    x[cast(floor(u) as integer)]
                    + (u - floor(u)) * (x[cast(ceil(u) as integer)] - x[cast(floor(u) as integer)]),
                    4
                )
        end for u in pasos
    ] as cuantiles,
    case
        when residuos >= 100 then 'residuos_clase'
        when residuos_nivel >= 40 then 'residuos_nivel'
        when residuos_nivel >= 5 then 'residuos_pocos'
        else 'poisson'
    end as metodo_intervalo
from con_pasos
