{% snapshot snapshot__sedes %}

{{ config(unique_key=['periodo', 'sede']) }}

select * exclude (archivo, fila, problemas)
from {{ ref('landing__sedes') }}

{% endsnapshot %}
