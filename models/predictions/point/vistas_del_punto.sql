with
reconciliados as (
    select * from {{ ref('pronosticos_reconciliados') }}
    where nivel_jerarquia = 'celda'
),

celdas as (select * from {{ ref('pronosticos_celda') }}),

candidatos as (select * from {{ ref('candidatos') }}),

rasgos as (select * from {{ ref('rasgos') }}),

parametros as (select * from {{ ref('dim_parametros') }})

-- What a cell has where it is held: a multiple of its course's minimum (docs/accuracy.md); where no minimum is known, what it had.
select
    r.indice_origen,
    r.h,
    r.unique_id,
    c.tipo_demanda,
    r.yhat as media,
    c.punto as menor_error,
    c.regla,
    coalesce({{ minimos_si_se_dicta() }} * m.minimo_alumnos, f.alumnos_si_se_dicta, 0) as alumnos_si_se_dicta
from reconciliados as r
inner join celdas as c using (indice_origen, h, unique_id)
inner join candidatos as k using (indice_origen, h, unique_id)
left join rasgos as f using (indice_origen, h, unique_id)
left join parametros as m on k.indice = m.indice and k.curso_actual = m.curso_actual
