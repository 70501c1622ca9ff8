{% snapshot snapshot__programacion %}

{{ config(unique_key='seccion_id') }}

select * exclude (archivo, fila, problemas)
from {{ ref('landing__programacion') }}

{% endsnapshot %}
