{% set columnas = [
    'periodo', 'sede', 'curso', 'horario', 'modalidad', 'frecuencia', 'intensidad', 'nivel', 'estado', 'matriculados', 'vacantes',
    'aforo', 'aula', 'fecha_creacion',
] %}

with
historia as (select * from {{ ref('raw__historia_programacion') }}),

vaciados as (select * from {{ ref('raw__vaciados') }}),

periodos as (select * from {{ ref('dim_periodos') }}),

-- The first capture has nothing before it; up to the cut of a vacuum what was before is not all there.
inicio as (
    select greatest(min(h.vigente_desde), (select max(v.corte) from vaciados as v)) as desde
    from historia as h
),

sucesivas as (
    select
        *,
        {%- for columna in columnas %}
        lag({{ columna }}) over seccion as {{ columna }}_previo,
        {%- endfor %}
        lag(borrada) over seccion as borrada_previo
    from historia
    window seccion as (partition by seccion_id order by vigente_desde)
),

comparadas as (
    select
        s.*,
        p.fecha_inicio as fecha,
        case
            when s.borrada then 'borrada'
            when s.borrada_previo is null then 'nueva'
            when s.borrada_previo then 'repuesta'
            else 'cambiada'
        end as tipo,
        coalesce(not s.borrada_previo, false) as estaba,
        not s.borrada as esta,
        nullif(concat_ws(
            ', ',
            {%- for columna in columnas %}
            case when s.borrada_previo is not null and s.{{ columna }} is distinct from s.{{ columna }}_previo then '{{ columna }}' end{{ ',' if not loop.last }}
            {%- endfor %}
        ), '') as columnas
    from sucesivas as s
    inner join inicio as i on s.vigente_desde > i.desde
    left join periodos as p on s.periodo = p.periodo
)

select
    vigente_desde as cambiado_en,
    seccion_id,
    tipo,
    periodo,
    fecha,
    sede,
    curso,
    horario,
    case when estaba then matriculados_previo end as matriculados_antes,
    case when esta then matriculados end as matriculados_despues,
    case when estaba then estado_previo end as estado_antes,
    case when esta then estado end as estado_despues,
    case when estaba then vacantes_previo end as vacantes_antes,
    case when esta then vacantes end as vacantes_despues,
    columnas,
    nullif(concat_ws(
        ', ',
        {%- for columna in columnas %}
        case when list_contains(string_split(columnas, ', '), '{{ columna }}') then concat('{{ columna }}: ', coalesce(cast({{ columna }}_previo as varchar), '-'), ' -> ', coalesce(cast({{ columna }} as varchar), '-')) end{{ ',' if not loop.last }}
        {%- endfor %}
    ), '') as detalle
from comparadas
-- A column that the contract gains makes a new version of every row, in which nothing else differs.
where tipo <> 'cambiada' or columnas is not null
order by vigente_desde, seccion_id
