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

-- A step that changes no decision is none, however steady the bias was.
juzgadas as (
    select * replace (greatest(limite, {{ var('vigilancia_sesgo_minimo') }}) as limite)
    from {{ against_its_past('pasos', var('vigilancia_desviaciones_sesgo'), centre=0, student=true) }}
)

select
    'sesgo' as tipo,
    j.nivel,
    j.donde,
    d.periodo,
    round(j.sesgo_reciente + j.valor, 4) as valor,
    round(j.sesgo_reciente + j.limite, 4) as umbral,
    round(j.sesgo_reciente - j.limite, 4) as umbral_inferior,
    abs(j.valor) > j.limite as se_cumple
from juzgadas as j
inner join periodos as d on j.indice = d.indice
