{% snapshot snapshot__calendario %}

{{ config(unique_key='periodo') }}

select * exclude (archivo, fila, problemas)
from {{ ref('landing__calendario') }}

{% endsnapshot %}
