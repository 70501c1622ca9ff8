{% snapshot snapshot__horarios %}

{{ config(unique_key='horario') }}

select * exclude (archivo, fila, problemas)
from {{ ref('landing__horarios') }}

{% endsnapshot %}
