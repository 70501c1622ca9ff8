{% set recientes = var('vigilancia_periodos_minimos') | int %}

with
{{ measured_errors('pronosticados / nullif(alumnos, 0) - 1', '1 / nullif(alumnos, 0)') }},

-- A bias that begins is a step away from the one of late, whatever that is.
con_reciente as (
    select
        *,
        median(valor) over reciente as sesgo_reciente,
        count(*) over reciente as recientes
    from medidas
    window reciente as (partition by nivel, donde order by indice rows between {{ recientes }} preceding and 1 preceding)
),

pasos as (
    select
        nivel,
        donde,
        indice,
        sesgo_reciente,
        round(valor - sesgo_reciente, 9) as valor,
        ruido
    from con_reciente
    where recientes >= {{ recientes // 2 }}
),

juzgadas as (
    select * from {{ against_its_past('pasos', var('vigilancia_desviaciones_sesgo'), centre=0, student=true) }}
),

-- A step to a bias that changes no decision is no alert, however steady it was before.
limitadas as (
    select
        nivel,
        donde,
        indice,
        round(sesgo_reciente + valor, 4) as valor,
        round(greatest(sesgo_reciente + limite, {{ var('vigilancia_sesgo_minimo') }}), 4) as umbral,
        round(least(sesgo_reciente - limite, -{{ var('vigilancia_sesgo_minimo') }}), 4) as umbral_inferior
    from juzgadas
)

select
    'sesgo' as tipo,
    l.nivel,
    l.donde,
    d.periodo,
    l.valor,
    l.umbral,
    l.umbral_inferior,
    l.valor not between l.umbral_inferior and l.umbral as se_cumple
from limitadas as l
inner join periodos as d on l.indice = d.indice
