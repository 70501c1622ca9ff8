{{ config(materialized='incremental', incremental_strategy='append') }}

{% set tablas = [
    'programacion', 'cursos', 'equivalencia_cursos', 'horarios', 'sedes', 'minimos_apertura', 'vacantes_estandar',
    'calendario',
] %}

{% for tabla in tablas %}
select
    '{{ var("run_id") or invocation_id }}' as run_id,
    '{{ tabla }}' as tabla,
    {{ quoted(source_folder()) }} as origen,
    count(*) as filas,
    current_timestamp at time zone 'UTC' as capturada_en
from {{ ref('snapshot__' ~ tabla) }}
where dbt_is_deleted = 'False' and dbt_valid_to is null
{{ 'union all' if not loop.last }}
{% endfor %}
