with
errores as (
    select * from {{ ref('errores_vigilados') }}
    where es_final
),

periodos as (select * from {{ ref('dim_periodos') }})

select
    d.periodo,
    d.fecha_inicio as fecha,
    cast(e.horizonte as integer) as horizonte,
    e.nivel,
    e.donde,
    e.fuente,
    e.celdas,
    e.alumnos,
    round(e.pronosticados, 4) as pronosticados,
    round(e.error_absoluto / nullif(e.alumnos, 0), 6) as wape,
    round((e.pronosticados - e.alumnos) / nullif(e.alumnos, 0), 6) as sesgo,
    e.celdas_con_intervalo,
    round(1 - (e.bajo_q10 + e.sobre_q90) / nullif(e.celdas_con_intervalo, 0), 6) as cobertura_80,
    round(1 - (e.bajo_q025 + e.sobre_q975) / nullif(e.celdas_con_intervalo, 0), 6) as cobertura_95,
    round(e.bajo_q025 / nullif(e.celdas_con_intervalo, 0), 6) as pit_bajo_025,
    round(e.bajo_q10 / nullif(e.celdas_con_intervalo, 0), 6) as pit_bajo_10,
    round(e.sobre_q90 / nullif(e.celdas_con_intervalo, 0), 6) as pit_sobre_90,
    round(e.sobre_q975 / nullif(e.celdas_con_intervalo, 0), 6) as pit_sobre_975
from errores as e
inner join periodos as d on e.indice = d.indice
order by d.periodo, e.horizonte, e.nivel, e.donde
