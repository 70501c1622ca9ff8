{% snapshot snapshot__minimos_apertura %}

{{ config(unique_key=['periodo', 'programa']) }}

select * exclude (archivo, fila, problemas)
from {{ ref('landing__minimos_apertura') }}

{% endsnapshot %}
